"""An independent reader: boto3 behind JSON lines.

``python -m wharf_emulator.client --endpoint URL`` reads one request a line, e.g.
``{"service": "ec2", "operation": "describe_vpcs", "parameters": {}}``, and writes one answer a line:
``{"ok": …}`` or ``{"error": {"code": …, "message": …}}``. With ``"query"``, a JMESPath, only that part of the answer.
"""

from __future__ import annotations

import argparse
import base64
import datetime
import json
import sys
from functools import cache
from typing import Any

from . import environment

environment.clean()

import boto3  # noqa: E402 (the environment is cleaned first)
import jmespath  # noqa: E402
from botocore.config import Config  # noqa: E402
from botocore.exceptions import BotoCoreError, ClientError  # noqa: E402
from botocore.response import StreamingBody  # noqa: E402


class Client:
    """boto3 clients of one endpoint."""

    def __init__(self, endpoint: str, region: str):
        self._endpoint = endpoint
        self._region = region
        self._session = boto3.Session(
            aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="emulator", region_name=region
        )
        self._client = cache(self._make)

    def _make(self, service: str) -> Any:
        config = Config(retries={"mode": "standard", "total_max_attempts": 1}, s3={"addressing_style": "path"})
        return self._session.client(service, endpoint_url=self._endpoint, config=config)

    def call(self, service: str, operation: str, parameters: dict[str, Any]) -> Any:
        """Calls an operation by boto3's method name."""
        client = self._client(service)
        if operation.startswith("_") or operation not in client.meta.method_to_api_mapping:
            raise ValueError(f"{service} has no operation {operation}")
        result = getattr(client, operation)(**parameters)
        result.pop("ResponseMetadata", None)
        return result

    def answer(self, line: str) -> dict[str, Any]:
        """Answers one request line."""
        try:
            request = json.loads(line)
            result = plain(self.call(request["service"], request["operation"], request.get("parameters") or {}))
            if request.get("query"):
                result = jmespath.search(request["query"], result)
            return {"ok": result}
        except ClientError as error:
            details = error.response["Error"]
            return {"error": {"code": details.get("Code", ""), "message": details.get("Message", "")}}
        except (BotoCoreError, ValueError, KeyError, TypeError) as error:
            return {"error": {"code": type(error).__name__, "message": str(error)}}


def plain(value: Any) -> Any:
    """A result in JSON's types: times as ISO text, bytes as base64."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, StreamingBody):
        value = value.read()
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    return value


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m wharf_emulator.client", description=__doc__)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--region", default="eu-central-1")
    options = parser.parse_args()
    client = Client(options.endpoint, options.region)
    for line in sys.stdin:
        if line.strip():
            print(json.dumps(client.answer(line)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
