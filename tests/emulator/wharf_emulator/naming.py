"""Recognises which operation of which service a request asks for, in botocore's names."""

from __future__ import annotations

import re
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import botocore.session

from .call import Call, Request

SERVICES = (
    "codebuild",
    "codecommit",
    "codedeploy",
    "codepipeline",
    "ec2",
    "ecr",
    "ecs",
    "elbv2",
    "events",
    "iam",
    "kms",
    "logs",
    "resourcegroupstaggingapi",
    "s3",
    "secretsmanager",
    "ssm",
    "sts",
)
"""The services the emulator knows; all others answer ``NotImplementedByEmulator``."""

TARGET_PREFIXES = {
    "AmazonEC2ContainerServiceV20141113": "ecs",
    "AmazonEC2ContainerRegistry_V20150921": "ecr",
    "TrentService": "kms",
    "Logs_20140328": "logs",
    "CodeBuild_20161006": "codebuild",
    "CodeCommit_20150413": "codecommit",
    "CodeDeploy_20141006": "codedeploy",
    "CodePipeline_20150709": "codepipeline",
    "AWSEvents": "events",
    "ResourceGroupsTaggingAPI_20170126": "resourcegroupstaggingapi",
    "secretsmanager": "secretsmanager",
    "AmazonSSM": "ssm",
}
API_VERSIONS = {"2016-11-15": "ec2", "2015-12-01": "elbv2", "2010-05-08": "iam", "2011-06-15": "sts"}
DEFAULT_REGION = "eu-central-1"
READS = ("Describe", "Get", "List", "Head", "BatchGet", "BatchDescribe", "BatchCheck", "Filter", "Lookup", "Simulate")
"""What the names of operations that change nothing begin with."""

_SCOPE = re.compile(r"Credential=[^/,\s]+/\d+/([^/]*)/([^/]*)/aws4_request")
_CBOR_PATH = re.compile(r"^/service/([^/]+)/operation/([^/?]+)$")


class Unrecognised(Exception):
    """No service of ``SERVICES`` is meant."""


@cache
def service_model(service: str) -> Any:
    """botocore's official model of a service."""
    return _session().get_service_model(service)


@cache
def operation_model(service: str, operation: str) -> Any:
    """botocore's official model of an operation, None if there is none."""
    model = service_model(service)
    return model.operation_model(operation) if operation in model.operation_names else None


@cache
def paginators(service: str) -> dict[str, Any]:
    """botocore's paginator configuration of a service, by operation."""
    loader = _session().get_component("data_loader")
    return loader.load_service_model(service, "paginators-1")["pagination"]


@cache
def _session() -> Any:
    return botocore.session.Session()


def reads(name: str) -> bool:
    """Whether an operation, ``ec2:DescribeVpcs``, changes nothing."""
    return name.partition(":")[2].startswith(READS)


def recognise(request: Request) -> Call:
    """Names a request; raises ``Unrecognised``."""
    scope = _SCOPE.search(request.headers.get("authorization", ""))
    region, signing_name = scope.groups() if scope else (DEFAULT_REGION, "")
    call = (
        _cbor(request, region)
        or _json(request, region)
        or _form(request, region)
        or _rest(request, region, signing_name)
    )
    call.model = operation_model(call.service, call.operation)
    if signing_name != service_model(call.service).signing_name:
        _sign(request, call)
    return call


def _sign(request: Request, call: Call) -> None:
    """Lets moto, which finds the service in the signature, see the one that was recognised."""
    scope = f"AKIAIOSFODNN7EXAMPLE/20260101/{call.region}/{service_model(call.service).signing_name}/aws4_request"
    request.headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"


def _cbor(request: Request, region: str) -> Call | None:
    if request.headers.get("smithy-protocol") != "rpc-v2-cbor":
        return None
    match = _CBOR_PATH.match(request.path)
    if not match or match[1] not in TARGET_PREFIXES:
        raise Unrecognised(request.path)
    return Call(TARGET_PREFIXES[match[1]], match[2], "cbor", region, request)


def _json(request: Request, region: str) -> Call | None:
    target = request.headers.get("x-amz-target")
    if not target:
        return None
    prefix, _, operation = target.rpartition(".")
    if prefix not in TARGET_PREFIXES:
        raise Unrecognised(target)
    return Call(TARGET_PREFIXES[prefix], operation, "json", region, request)


def _form(request: Request, region: str) -> Call | None:
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return None
    form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
    if "Action" not in form:
        return None
    service = API_VERSIONS.get(form.get("Version", ""))
    if service is None:
        raise Unrecognised(f"{form['Action']} in version {form.get('Version')}")
    return Call(service, form["Action"], "ec2" if service == "ec2" else "query", region, request)


def _rest(request: Request, region: str, signing_name: str) -> Call:
    if signing_name not in ("", "s3", "s3express"):
        raise Unrecognised(f"{request.method} {request.path} of {signing_name}")
    from moto.core.request import Request as MotoRequest
    from moto.core.routing import get_service_router
    from werkzeug.exceptions import HTTPException

    from .moto_app import environ_of

    try:
        found, labels = get_service_router("s3").match(MotoRequest(environ_of(request)))
    except HTTPException as error:
        raise Unrecognised(f"{request.method} {request.path}") from error
    return Call("s3", found.name, "rest-xml", region, request, uri_params=labels)
