"""What ``/_wharf/`` refuses."""

from __future__ import annotations


class BadRule(ValueError):
    """A rule or a setting that there is not."""
