"""Processes of this machine: whether one still runs, and its end."""

from __future__ import annotations

import os
import signal
import time

DEATH_SECONDS = 5.0


def start_time(pid: int) -> str | None:
    """When a process started, None if it runs no more. Without /proc only its existence counts."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        return None if fields[0] in "ZX" else fields[19]
    except (FileNotFoundError, ProcessLookupError):
        if os.path.isdir("/proc/self"):
            return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return "running"


def kill(pid: int) -> None:
    """Ends a process with SIGKILL and returns when it can do nothing more; one that is gone is left alone."""
    started = start_time(pid)
    if started is None:
        return
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    deadline = time.monotonic() + DEATH_SECONDS
    while start_time(pid) == started and time.monotonic() < deadline:
        time.sleep(0.001)
