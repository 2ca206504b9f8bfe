"""What a browser sees behind the listeners of a load balancer."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.parse
import urllib.request

import pytest


@pytest.fixture
def visit(world):
    """Asks for a page with the emulator as HTTP proxy; the status and the body."""
    proxy = urllib.request.ProxyHandler({"http": world.emulator.endpoint})

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    opener = urllib.request.build_opener(proxy, Stay)
    name = world.elb.describe_load_balancers(Names=["app"])["LoadBalancers"][0]["DNSName"]

    def get(port=80, path="/", **headers):
        place = name if port == 80 else f"{name}:{port}"
        try:
            with opener.open(urllib.request.Request(f"http://{place}{path}", headers=headers)) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers.get("location") or error.read().decode()

    get.name = name
    return get


def test_blue_then_green(world, visit):
    world.group()
    status, body = visit()
    assert status == 200
    assert "app:1" in body
    assert "nginx" in body
    identity = world.deploy()
    assert world.status(identity) == "Ready"
    assert "app:1" in visit()[1]
    assert "app:2" in visit(8080)[1]
    assert "nginx:2" in visit(8080)[1]
    world.go_on(identity)
    # no request of AWS is needed for it to happen
    assert "app:2" in visit()[1]


def test_nobody_healthy(world, visit):
    world.group()
    world.faults({"kind": "failing_health_checks"})
    identity = world.deploy()
    assert world.status(identity) == "InProgress"
    world.elb.modify_listener(
        ListenerArn=world.test, DefaultActions=[{"Type": "forward", "TargetGroupArn": world.stack.green}]
    )
    assert visit(8080)[0] == 503
    world.faults()
    assert "app:2" in visit(8080)[1]


def test_rules(world, visit):
    fixed = {"StatusCode": "418", "MessageBody": "tea", "ContentType": "text/plain"}
    moved = {"StatusCode": "HTTP_301", "Path": "/new/#{path}", "Port": "443", "Protocol": "HTTPS"}
    rules = [
        ({"Field": "path-pattern", "Values": ["/tea/*"]}, {"Type": "fixed-response", "FixedResponseConfig": fixed}),
        (
            {"Field": "host-header", "Values": ["www.example.org"]},
            {"Type": "fixed-response", "FixedResponseConfig": fixed},
        ),
        (
            {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Old", "Values": ["y*"]}},
            {"Type": "redirect", "RedirectConfig": moved},
        ),
    ]
    for priority, (condition, action) in enumerate(rules, start=1):
        world.elb.create_rule(ListenerArn=world.production, Priority=priority, Conditions=[condition], Actions=[action])
    assert visit(path="/tea/time") == (418, "tea")
    assert visit(path="/coffee")[0] == 200
    assert visit(path="/a?b=c", **{"X-Old": "yes"}) == (301, f"https://{visit.name}:443/new/a?b=c")


def test_host_header_and_no_listener(world, visit):
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(world.emulator.endpoint).netloc, timeout=10)
    connection.request("GET", "/", headers={"Host": f"{visit.name}:8080"})
    assert connection.getresponse().status == 200
    connection.close()
    for host in (f"{visit.name}:81", f"other-{visit.name}"):
        connection.request("GET", "/", headers={"Host": host})
        with pytest.raises(ConnectionError):
            connection.getresponse()
        connection.close()


def test_the_name_of_a_site_leads_to_its_balancer(world, visit):
    world.elb.create_rule(
        ListenerArn=world.test,
        Priority=1,
        Conditions=[{"Field": "host-header", "HostHeaderConfig": {"Values": ["shop.example.com"]}}],
        Actions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "418"}}],
    )
    proxy = urllib.request.ProxyHandler({"http": world.emulator.endpoint})
    opener = urllib.request.build_opener(proxy)
    with pytest.raises(urllib.error.HTTPError) as seen:
        opener.open("http://shop.example.com:8080/")
    assert seen.value.code == 418
    assert visit(8080)[0] != 418


def test_pages_are_not_counted(world, visit):
    before = world.emulator.counters()["total"]
    visit()
    assert world.emulator.counters()["total"] == before
