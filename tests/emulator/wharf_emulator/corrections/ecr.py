"""ECR: a scanning configuration without its one member."""

from __future__ import annotations

from typing import Any

from moto.ecr.models import Repository


def _scanning(repository: Repository, image_scanning_configuration: dict[str, Any] | None) -> None:
    """SDKs leave `scanOnPush: false` out, since false is what a missing member means; moto then changes nothing."""
    if image_scanning_configuration is not None:
        repository.image_scanning_configuration = {"scanOnPush": False, **image_scanning_configuration}


Repository._update_image_scanning_configuration = _scanning
