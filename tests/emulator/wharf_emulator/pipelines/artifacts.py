"""The artifacts that actions hand to each other: zip files in the pipeline's artifact bucket.

https://docs.aws.amazon.com/codepipeline/latest/userguide/welcome-introducing-artifacts.html
"""

from __future__ import annotations

import io
import zipfile
from typing import Any

from moto.moto_api._internal import mock_random

from ..call import Call
from .execution import ActionFailed, Execution

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def store(call: Call, execution: Execution, name: str, content: bytes) -> dict[str, Any]:
    """Puts an artifact into the bucket; the answer is how the API shows it."""
    declared = execution.declared
    place = declared.get("artifactStore") or declared["artifactStores"][call.region]
    backend = call.backend("s3")
    if place["location"] not in backend.buckets:
        message = f"The artifact bucket {place['location']} does not exist"
        raise ActionFailed(message, "ConfigurationError")
    key = place.get("encryptionKey", {}).get("id")
    letters = "".join(mock_random.choice(_LETTERS) for _ in range(7))
    location = {"bucket": place["location"], "key": f"{execution.pipeline[:20]}/{name[:10]}/{letters}"}
    made = backend.put_object(
        location["bucket"],
        location["key"],
        content,
        encryption="aws:kms" if key else None,
        kms_key_id=key,
        disable_notification=True,
    )
    # what pipelines leave in their buckets is nobody's object: the inventory does not list it
    made.wharf_artifact = True
    execution.artifacts[name] = location
    return {"name": name, "s3location": location}


def shown(execution: Execution, names: list[str]) -> list[dict[str, Any]]:
    """Artifacts that were made before, as the API shows them."""
    return [{"name": name, "s3location": execution.artifacts[name]} for name in names if name in execution.artifacts]


def files(call: Call, execution: Execution, name: str) -> dict[str, bytes]:
    """The files of an artifact."""
    location = execution.artifacts.get(name)
    if location is None:
        raise ActionFailed(f"The artifact {name} has not been made by this execution", "ConfigurationError")
    found = value(call, location["bucket"], location["key"])
    if found is None:
        raise ActionFailed(f"The artifact {name} is gone from s3://{location['bucket']}/{location['key']}")
    return unzip(found.value, name)


def value(call: Call, bucket: str, key: str, version: str | None = None) -> Any:
    """moto's object of a bucket, None if there is none."""
    stored = call.backend("s3").buckets.get(bucket)
    if stored is None:
        return None
    if version is not None:
        versions = stored.keys.getlist(key, [])
        return next((item for item in versions if str(getattr(item, "version_id", "")) == version), None)
    found = stored.keys.get(key)
    return found if hasattr(found, "value") else None


def unzip(content: bytes, name: str) -> dict[str, bytes]:
    """The files of a zip file."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {item: archive.read(item) for item in archive.namelist() if not item.endswith("/")}
    except zipfile.BadZipFile as error:
        raise ActionFailed(f"The artifact {name} is no zip file", "ConfigurationError") from error


def zipped(contents: dict[str, bytes]) -> bytes:
    """A zip file of some files; the same bytes for the same files."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(contents.items()):
            archive.writestr(zipfile.ZipInfo(name), content)
    return target.getvalue()
