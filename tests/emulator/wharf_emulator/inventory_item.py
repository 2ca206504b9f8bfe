"""One object of the inventory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Item:
    """An object, its type named as in a stack file."""

    type: str
    id: str
    name: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    arn: str | None = None

    def to_json(self, region: str) -> dict[str, Any]:
        arn = self.arn or (self.id if self.id.startswith("arn:") else None)
        return {
            "type": self.type,
            "id": self.id,
            "arn": arn,
            "name": self.name,
            "region": region,
            "tags": self.tags,
        }


def key_values(tags: Iterable[dict[str, str]] | dict[str, dict[str, str]] | None) -> dict[str, str]:
    """Tags from pairs, in a list or by their keys; the pairs' members are in either case."""
    if isinstance(tags, dict):
        tags = tags.values()
    pairs = ({name.lower(): text for name, text in tag.items()} for tag in tags or ())
    return {pair["key"]: pair.get("value", "") for pair in pairs}
