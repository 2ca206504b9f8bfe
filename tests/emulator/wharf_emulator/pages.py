"""What a browser sees behind an emulated load balancer: a page that names the revision and the image that answer.

A request is for a load balancer if its host is its DNS name, or a name that a rule of its listeners wants, as if that
were an alias of it: in the ``Host`` header, or in the request target, as clients send it that take the emulator for
their HTTP proxy.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-rules.html
"""

from __future__ import annotations

import html
import importlib
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qsl, unquote

from .call import ACCOUNT, Call, Drop, Reply, Request
from .deployments import traffic
from .tasks import describe, known

_DOMAIN = ".elb.amazonaws.com"
_EMPTY = "<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n<body>{}</body>\r\n</html>\r\n"


def host_of(request: Request) -> str:
    """The name by which a request asks for a load balancer; empty if it asks for something else."""
    host = request.headers.get("host", "").partition(":")[0].lower()
    if host.endswith(_DOMAIN):
        return host
    # Requests to AWS have an address, or a name of AWS's.
    is_site = "." in host and not host.endswith(".amazonaws.com") and not host.replace(".", "").isdigit()
    return host if is_site and any(_wants(balancer, host) for _, balancer in _balancers()) else ""


def _balancers() -> list[tuple[str, Any]]:
    """All load balancers, each with its region."""
    backends = importlib.import_module("moto.elbv2.models").elbv2_backends
    regions = list(dict.items(backends[ACCOUNT])) if dict.__contains__(backends, ACCOUNT) else []
    return [(region, one) for region, backend in regions for one in backend.load_balancers.values()]


def _wants(balancer: Any, host: str) -> bool:
    """Whether a rule of the load balancer is for this very name."""
    rules = [rule for one in balancer.listeners.values() for rule in one._non_default_rules.values()]
    conditions = [condition for rule in rules for condition in rule.conditions]
    fields = [condition for condition in conditions if condition.get("Field") == "host-header"]
    return any(host == value.lower() for one in fields for value in _values(one, "HostHeaderConfig"))


def answer(request: Request) -> Reply:
    """What the listener of the request's port answers; a reset, as nobody listens there, if there is none."""
    host, _, port = request.headers["host"].partition(":")
    for region, balancer in _balancers():
        if balancer.dns_name.lower() == host.lower() or _wants(balancer, host.lower()):
            for listener in balancer.listeners.values():
                if int(listener.port) == int(port or 80):
                    return _listener(Call("elbv2", "page", "query", region, request), listener)
    raise Drop


def _listener(call: Call, listener: Any) -> Reply:
    others = sorted(listener._non_default_rules.values(), key=lambda rule: int(rule.priority))
    for rule in [*others, listener._default_rule[0]]:
        if all(_holds(call.request, condition) for condition in rule.conditions):
            return _act(call, rule.actions[-1].data, int(listener.port))
    raise Drop


def _holds(request: Request, condition: dict[str, Any]) -> bool:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RuleCondition.html"""
    field = condition.get("Field")
    path, host = unquote(request.path), request.headers["host"].partition(":")[0]
    if field == "path-pattern":
        return any(fnmatchcase(path, value) for value in _values(condition, "PathPatternConfig"))
    if field == "host-header":
        return any(fnmatchcase(host.lower(), value.lower()) for value in _values(condition, "HostHeaderConfig"))
    if field == "http-request-method":
        return request.method in _values(condition, "HttpRequestMethodConfig")
    if field == "http-header":
        name = condition["HttpHeaderConfig"]["HttpHeaderName"].lower()
        given = request.headers.get(name, "")
        return any(fnmatchcase(given, value) for value in _values(condition, "HttpHeaderConfig"))
    if field == "query-string":
        given_pairs = parse_qsl(request.query, keep_blank_values=True)
        return any(
            fnmatchcase(value, wanted["Value"]) and wanted.get("Key") in (None, key)
            for wanted in _values(condition, "QueryStringConfig")
            for key, value in given_pairs
        )
    return False


def _values(condition: dict[str, Any], config: str) -> list[Any]:
    return condition.get(config, {}).get("Values") or condition.get("Values") or []


def _act(call: Call, action: dict[str, Any], port: int) -> Reply:
    if action["Type"] == "fixed-response":
        given = action["FixedResponseConfig"]
        kind = given.get("ContentType") or "text/plain"
        return Reply(int(given["StatusCode"]), {"content-type": kind}, given.get("MessageBody", "").encode())
    if action["Type"] == "redirect":
        return _redirect(call.request, action.get("RedirectConfig", {}), port)
    shares = traffic.forwards(action)
    # the same request always gets the same answer: the larger share stands for all
    arn, weight = max(shares, key=lambda share: share[1], default=("", 0))
    group = call.backend().target_groups.get(arn) if weight else None
    unhealthy = getattr(group, "wharf_unhealthy", {})
    alive = [address for address in group.targets if address not in unhealthy] if group is not None else []
    if not alive:
        body = _EMPTY.format("<center><h1>503 Service Temporarily Unavailable</h1></center>")
        return Reply(503, {"content-type": "text/html", "server": "awselb/2.0"}, body.encode())
    return Reply(200, {"content-type": "text/html; charset=utf-8"}, _page(call, group, alive[0]).encode())


def _redirect(request: Request, given: dict[str, Any], port: int) -> Reply:
    parts = {
        "#{protocol}": "http",
        "#{host}": request.headers["host"].partition(":")[0],
        "#{port}": str(port),
        "#{path}": request.path.removeprefix("/"),
        "#{query}": request.query,
    }

    def filled(member: str, default: str) -> str:
        text = given.get(member) or default
        for name, value in parts.items():
            text = text.replace(name, value)
        return text

    protocol, query = filled("Protocol", "#{protocol}").lower(), filled("Query", "#{query}")
    target = f"{protocol}://{filled('Host', '#{host}')}:{filled('Port', '#{port}')}{filled('Path', '/#{path}')}"
    status = 301 if given.get("StatusCode") == "HTTP_301" else 302
    return Reply(status, {"location": f"{target}?{query}" if query else target}, b"")


def _page(call: Call, group: Any, address: str) -> str:
    found = known.at(call, address)
    revision, image = address, ""
    if found is not None:
        _, task = found
        definition = describe.definition_of(call, task)
        revision = task.definition.rpartition("/")[2]
        container = describe.essential(call, task)
        image = container["image"] if definition is not None and container is not None else ""
    title = html.escape(revision)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{title}</title></head>\n<body>\n'
        f"<h1>It works</h1>\n<p>Revision <code>{title}</code></p>\n<p>Image <code>{html.escape(image)}</code></p>\n"
        f"<p>Target group <code>{html.escape(group.name)}</code></p>\n</body>\n</html>\n"
    )
