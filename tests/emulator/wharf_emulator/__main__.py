"""``python -m wharf_emulator``: serves until it is told to stop or its parent is gone."""

from __future__ import annotations

import argparse
import ipaddress
import os
import signal
import sys
import threading
import time

from . import process


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m wharf_emulator", description="The AWS emulator of wharf's tests.")
    parser.add_argument("--port", type=int, default=0, help="0 (the default): any free one")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--parent-pid", type=int, help="stop as soon as this process is gone")
    options = parser.parse_args()
    if not _is_loopback(options.host):
        parser.error(f"{options.host} is no loopback address; the emulator accepts any credentials")

    from . import environment, speed

    environment.clean()
    speed.install()
    from . import clock

    clock.install()
    from . import corrections, deployments, ecs_deployments, missing, pipelines, tasks  # noqa: F401 (they register themselves)
    from .filter import Filter
    from .server import Server

    server = Server(options.host, options.port, Filter())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))
    if options.parent_pid:
        threading.Thread(target=_follow, args=(options.parent_pid,), daemon=True).start()
    host, port = server.server_address[:2]
    if ":" in host:
        host = f"[{host}]"
    print(f"ready http://{host}:{port}", flush=True)
    server.serve_forever()
    return 0


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _follow(parent: int) -> None:
    """Ends this process when another one is gone (or has become a zombie or somebody else)."""
    started = process.start_time(parent)
    while started is not None and process.start_time(parent) == started:
        time.sleep(1)
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
