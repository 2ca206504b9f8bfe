"""ECS operations that moto lacks."""

from __future__ import annotations

from typing import Any

from ..call import Call, Fault
from ..hooks import instead
from ..inner import ask


@instead("ecs:UpdateClusterSettings")
def update_cluster_settings(call: Call) -> dict[str, Any]:
    name = call.params["cluster"].split("/")[-1]
    cluster = call.backend().clusters.get(name)
    if cluster is None or cluster.status != "ACTIVE":
        raise Fault("ClusterNotFoundException", "Cluster not found.")
    given = {setting["name"]: setting["value"] for setting in call.params["settings"]}
    stored = {setting["name"]: setting["value"] for setting in cluster.settings or []}
    cluster.settings = [{"name": key, "value": value} for key, value in {**stored, **given}.items()]
    return {"cluster": ask(call, "DescribeClusters", clusters=[name], include=["SETTINGS", "TAGS"])["clusters"][0]}
