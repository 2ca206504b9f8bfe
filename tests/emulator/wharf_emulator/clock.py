"""The emulator's clock, which a test may shift: what ``Date`` headers say, how long what lags lags, how far work is."""

from __future__ import annotations

import datetime
import math
import time
from email.utils import formatdate
from typing import Any

from .bad_rule import BadRule

_offset = 0.0


def now() -> float:
    """Seconds since the epoch, by the shifted clock."""
    return time.time() + _offset


def steady() -> float:
    """Seconds that pass as on the shifted clock, whatever becomes of the machine's."""
    return time.monotonic() + _offset


def instant(seconds: float) -> datetime.datetime:
    """A time of this clock as timestamps of the API have it."""
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC)


def http_date() -> str:
    """Now, as a ``Date`` header says it."""
    return formatdate(now(), usegmt=True)


def shift(source: Any) -> dict[str, float]:
    """Sets the clock ``offset_ms`` ahead of the machine's (behind it, if negative); raises ``BadRule``."""
    global _offset
    offset = source.get("offset_ms") if isinstance(source, dict) else None
    if isinstance(offset, bool) or not isinstance(offset, (int, float)) or not math.isfinite(offset):
        raise BadRule('{"offset_ms": N} is wanted')
    _offset = offset / 1000
    return state()


def state() -> dict[str, float]:
    """What the clock is set to."""
    return {"offset_ms": round(_offset * 1000), "now": now()}


def reset() -> None:
    """Puts the clock right."""
    global _offset
    _offset = 0.0


def install() -> None:
    """Lets S3 take its times from this clock; must run before the first request."""
    import moto.s3.models

    def utcnow() -> datetime.datetime:
        return datetime.datetime.fromtimestamp(now(), datetime.timezone.utc).replace(tzinfo=None)

    moto.s3.models.utcnow = utcnow
