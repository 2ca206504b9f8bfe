"""Writes to CloudWatch Logs what builds and containers would."""

from __future__ import annotations

from collections.abc import Iterable

from .call import Call


def write(call: Call, group: str, stream: str, lines: Iterable[str], time: float) -> None:
    """Appends lines to a stream of a group that exists; the stream is made if it is not there yet."""
    found = call.backend("logs").groups[group]
    if stream not in found.streams:
        found.create_log_stream(stream)
    events = [{"timestamp": int(time * 1000), "message": line} for line in lines]
    if events:
        found.streams[stream].put_log_events(events)


def exists(call: Call, group: str, stream: str) -> bool:
    """Whether a stream is there."""
    found = call.backend("logs").groups.get(group)
    return found is not None and stream in found.streams
