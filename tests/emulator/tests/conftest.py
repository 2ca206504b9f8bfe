"""One emulator process for all tests, emptied before each of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from wharf_emulator import environment  # noqa: E402 (found only now)

environment.clean()

import boto3  # noqa: E402 (the environment is cleaned first)
from botocore.config import Config  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402

REGION = "eu-central-1"


class Emulator:
    """A running emulator: its address, its control endpoints, clients of it."""

    folder = ROOT

    def __init__(self, endpoint: str):
        self.endpoint = endpoint
        self.client = cache(self._make)

    def _make(self, service: str, region: str = REGION) -> Any:
        session = boto3.Session(aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="x", region_name=region)
        config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, read_timeout=30)
        return session.client(service, endpoint_url=self.endpoint, config=config)

    def control(self, path: str, body: Any = None, method: str | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.endpoint}/_wharf/{path}", data=data, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def counters(self) -> Any:
        return self.control("counters")

    def rules(self, *rules: dict[str, Any]) -> Any:
        return self.control("rules", list(rules))

    def later(self, seconds: float) -> None:
        """Puts the clock forward."""
        now = self.control("clock")["offset_ms"]
        self.control("clock", {"offset_ms": now + seconds * 1000})

    def reset(self) -> None:
        self.control("reset", {})


@pytest.fixture(scope="session")
def server() -> Any:
    process = subprocess.Popen(
        [sys.executable, "-m", "wharf_emulator", "--port", "0", "--parent-pid", str(os.getpid())],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    line = process.stdout.readline().split()
    assert line[0] == "ready"
    yield Emulator(line[1])
    process.terminate()
    assert process.wait(timeout=10) == 0


@pytest.fixture
def emulator(server: Emulator) -> Emulator:
    server.reset()
    return server


@pytest.fixture
def client(emulator: Emulator) -> Any:
    return emulator.client


@pytest.fixture
def refused() -> Any:
    """Asserts that a call is refused with an error code; returns the HTTP status."""

    def check(code: str, method: Any, **parameters: Any) -> int:
        with pytest.raises(ClientError) as caught:
            method(**parameters)
        assert caught.value.response["Error"]["Code"] == code, caught.value
        return caught.value.response["ResponseMetadata"]["HTTPStatusCode"]

    return check


@pytest.fixture
def stack(client: Any) -> Any:
    """Builders of what most tests need."""
    import stacks

    return stacks.Stack(client)


@pytest.fixture
def world(emulator: Emulator, stack: Any) -> Any:
    """A stack that CodeDeploy deploys to."""
    import blue_green

    return blue_green.World(emulator, stack)


@pytest.fixture
def delivery(emulator: Emulator, stack: Any) -> Any:
    """A stack with a pipeline's parts."""
    import delivery

    return delivery.Delivery(emulator, stack)


@pytest.fixture
def native(emulator: Emulator, stack: Any) -> Any:
    """A stack whose service ECS itself deploys."""
    import ecs_blue_green

    return ecs_blue_green.Native(emulator, stack)
