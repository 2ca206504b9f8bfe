"""What looking for the secrets of containers needs. Their values are nobody's to read here."""

from __future__ import annotations

from collections.abc import Iterator

from ..call import Call
from .need import Need, service, unknown


@service("secretsmanager")
def secretsmanager(call: Call) -> Iterator[Need]:
    if call.operation != "DescribeSecret":
        raise unknown(call)
    identity = call.params["SecretId"]
    yield Need(call.name, identity if identity.startswith("arn:") else call.arn("secretsmanager", f"secret:{identity}-*"))


@service("ssm")
def ssm(call: Call) -> Iterator[Need]:
    if call.operation != "DescribeParameters":
        raise unknown(call)
    yield Need(call.name)
