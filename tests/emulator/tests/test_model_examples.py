"""The official examples botocore ships must pass the model check: no false alarms."""

from __future__ import annotations

from urllib.parse import urlencode

import botocore.serialize
import botocore.session
import pytest
from botocore.exceptions import DataNotFoundError

from wharf_emulator import model_check
from wharf_emulator.call import Call, Request
from wharf_emulator.naming import SERVICES, operation_model, recognise, service_model
from wharf_emulator.wire import to_cbor

PROTOCOLS = {"ec2": "ec2", "elbv2": "query", "iam": "query", "sts": "query", "s3": "rest-xml"}
WRONG = {
    "ec2:ModifySpotFleetRequest": "a value outside its enum",
    "kms:CreateCustomKeyStore": "an id that does not match the pattern",
    "kms:UpdateCustomKeyStore": "an id that does not match the pattern",
    "s3:GetBucketLifecycle": "superseded by GetBucketLifecycleConfiguration, same request",
    "s3:GetBucketNotification": "superseded by GetBucketNotificationConfiguration, same request",
    "s3:PutBucketCors": "no bucket",
}
"""Operations whose official example breaks the official model, or cannot be told from another's."""


def examples():
    loader = botocore.session.Session().get_component("data_loader")
    for service in SERVICES:
        try:
            found = loader.load_service_model(service, "examples-1").get("examples", {})
        except DataNotFoundError:
            continue
        for operation, items in found.items():
            for number, item in enumerate(items):
                if operation_model(service, operation) is not None:
                    yield pytest.param(service, operation, item.get("input", {}), id=f"{service}:{operation}-{number}")


def request_of(service, operation, value):
    protocol = PROTOCOLS.get(service, "json")
    serializer = botocore.serialize.create_serializer(protocol, include_validation=False)
    serialized = serializer.serialize_to_request(value, operation_model(service, operation))
    headers = {name.lower(): value for name, value in serialized["headers"].items()}
    scope = f"AKIA/20260101/eu-central-1/{service_model(service).signing_name}/aws4_request"
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={scope}, Signature=0"
    headers["host"] = "127.0.0.1"
    body = serialized["body"]
    if isinstance(body, dict):
        body = urlencode(body)
    if isinstance(body, str):
        body = body.encode()
    query = urlencode(serialized["query_string"]) if serialized["query_string"] else ""
    separator = "&" if "?" in serialized["url_path"] else "?"
    target = serialized["url_path"] + (separator + query if query else "")
    return Request(serialized["method"], target, headers, body or b"")


@pytest.mark.parametrize(("service", "operation", "value"), list(examples()))
def test_example(service, operation, value):
    call_name = f"{service}:{operation}"
    if call_name in WRONG:
        pytest.skip(WRONG[call_name])
    call = recognise(request_of(service, operation, value))
    assert call.name == call_name
    checked = model_check.check(call)
    assert set(checked) >= {name for name, item in value.items() if item not in ([], {}, "")}
    if call.protocol == "json":
        binary = Call(service, operation, "cbor", call.region, Request("POST", "/", {}, to_cbor(checked)))
        binary.model = call.model
        assert model_check.check(binary) == checked
