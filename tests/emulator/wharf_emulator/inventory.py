"""Everything there is in the account: read from moto's state directly, not through the API under test.

A fresh account has some objects already (default VPCs, AWS's policies and keys); these are left out, and so is what
AWS only keeps as a memory: deleted NAT gateways, inactive clusters, services and task definitions, keys that wait for
their deletion. What pipelines put into their artifact buckets is left out as well.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from typing import Any

from . import inventory_ec2
from .call import ACCOUNT
from .inventory_item import Item, key_values


def objects() -> list[dict[str, Any]]:
    """All objects, ordered by type and identity."""
    found = [item.to_json(region) for service, walk in _WALKS.items() for region, item in _walk(service, walk)]
    return sorted(found, key=lambda item: (item["type"], item["region"], item["id"]))


def tagged(key: str, value: str | None) -> list[dict[str, Any]]:
    """The objects that have a tag, whatever its value if none is given."""
    return [item for item in objects() if key in item["tags"] and value in (None, item["tags"][key])]


def _walk(service: str, walk: Any) -> Iterator[tuple[str, Item]]:
    """Asks only for state that exists: looking must not create a region's default VPC."""
    backends = getattr(importlib.import_module(f"moto.{service}.models"), f"{service}_backends")
    if not dict.__contains__(backends, ACCOUNT):
        return
    for region, backend in list(dict.items(backends[ACCOUNT])):
        for item in walk(backend):
            yield region, item


def _elbv2(backend: Any) -> Iterator[Item]:
    def tags(arn: str) -> dict[str, str]:
        return backend.tagging_service.get_tag_dict_for_resource(arn)

    for group in backend.target_groups.values():
        yield Item("aws_lb_target_group", group.arn, group.name, tags(group.arn))
    for balancer in backend.load_balancers.values():
        yield Item("aws_lb", balancer.arn, balancer.name, tags(balancer.arn))
        for listener in balancer.listeners.values():
            yield Item("aws_lb_listener", listener.arn, f"{balancer.name}:{listener.port}", tags(listener.arn))
            for rule in listener._non_default_rules.values():
                yield Item("aws_lb_listener_rule", rule.arn, str(rule.priority), tags(rule.arn))


def _ecs(backend: Any) -> Iterator[Item]:
    for cluster in backend.clusters.values():
        if cluster.status == "ACTIVE":
            yield Item("aws_ecs_cluster", cluster.arn, cluster.name, key_values(cluster.tags))
    for service in backend.services.values():
        if service.status != "INACTIVE":
            yield Item("aws_ecs_service", service.arn, service.name, key_values(service.tags))
    for family in backend.task_definitions.values():
        for definition in family.values():
            if definition.status == "ACTIVE":
                name = f"{definition.family}:{definition.revision}"
                yield Item("aws_ecs_task_definition", definition.arn, name, key_values(definition.tags))


def _ecr(backend: Any) -> Iterator[Item]:
    for repository in backend.repositories.values():
        tags = backend.tagger.get_tag_dict_for_resource(repository.arn)
        yield Item("aws_ecr_repository", repository.arn, repository.name, tags)
        if repository.lifecycle_policy:
            yield Item("aws_ecr_lifecycle_policy", repository.name)


def _iam(backend: Any) -> Iterator[Item]:
    for role in backend.roles.values():
        yield Item("aws_iam_role", role.arn, role.name, key_values(role.tags))
        for name in role.policies:
            yield Item("aws_iam_role_policy", f"{role.name}:{name}", name)
        for arn in role.managed_policies:
            yield Item("aws_iam_role_policy_attachment", f"{role.name}/{arn}")
    for policy in backend.managed_policies.values():
        if ":iam::aws:" not in policy.arn:
            yield Item("aws_iam_policy", policy.arn, policy.name, key_values(policy.tags))


def _kms(backend: Any) -> Iterator[Item]:
    for key in backend.keys.values():
        if key.key_manager != "CUSTOMER" or key.key_state == "PendingDeletion":
            continue
        yield Item("aws_kms_key", key.arn, key.id, backend.tagger.get_tag_dict_for_resource(key.id))
        for name in key.aliases:
            yield Item("aws_kms_alias", name, name)


def _s3(backend: Any) -> Iterator[Item]:
    for bucket in backend.buckets.values():
        tags = backend.tagger.get_tag_dict_for_resource(bucket.arn)
        yield Item("aws_s3_bucket", bucket.name, bucket.name, tags, bucket.arn)
        if bucket.policy:
            yield Item("aws_s3_bucket_policy", bucket.name)
        for name in bucket.keys:
            key = bucket.keys.get(name)
            if key is not None and hasattr(key, "arn") and not hasattr(key, "wharf_artifact"):
                tags = backend.tagger.get_tag_dict_for_resource(key.arn)
                yield Item("aws_s3_object", f"{bucket.name}/{name}", name, tags)


def _logs(backend: Any) -> Iterator[Item]:
    for group in backend.groups.values():
        tags = backend.tagger.get_tag_dict_for_resource(group.arn)
        yield Item("aws_cloudwatch_log_group", group.arn, group.name, tags)


def _events(backend: Any) -> Iterator[Item]:
    for bus in backend.event_buses.values():
        for rule in bus.rules.values():
            tags = backend.tagger.get_tag_dict_for_resource(rule.arn)
            yield Item("aws_cloudwatch_event_rule", rule.arn, rule.name, tags)
            for target in rule.targets:
                yield Item("aws_cloudwatch_event_target", f"{rule.name}/{target['Id']}", target["Id"])


def _codecommit(backend: Any) -> Iterator[Item]:
    for name, repository in backend.repositories.items():
        arn = repository.repository_metadata["Arn"]
        yield Item("aws_codecommit_repository", arn, name, dict(getattr(repository, "tags", {})))


def _codebuild(backend: Any) -> Iterator[Item]:
    for name, project in backend.codebuild_projects.items():
        arn = project.project_metadata["arn"]
        yield Item("aws_codebuild_project", arn, name, key_values(project.project_metadata["tags"]))


def _codedeploy(backend: Any) -> Iterator[Item]:
    def tags(arn: str) -> dict[str, str]:
        return backend.tagger.get_tag_dict_for_resource(arn)

    for name in backend.applications:
        arn = backend._application_arn(name)
        yield Item("aws_codedeploy_app", arn, name, tags(arn))
    for application, groups in backend.deployment_groups.items():
        for name in groups:
            arn = backend._deployment_group_arn(application, name)
            yield Item("aws_codedeploy_deployment_group", arn, name, tags(arn))


def _codepipeline(backend: Any) -> Iterable[Item]:
    for name, pipeline in backend.pipelines.items():
        yield Item("aws_codepipeline", pipeline._arn, name, dict(pipeline.tags))


_WALKS = {
    "codebuild": _codebuild,
    "codecommit": _codecommit,
    "codedeploy": _codedeploy,
    "codepipeline": _codepipeline,
    "ec2": inventory_ec2.walk,
    "ecr": _ecr,
    "ecs": _ecs,
    "elbv2": _elbv2,
    "events": _events,
    "iam": _iam,
    "kms": _kms,
    "logs": _logs,
    "s3": _s3,
}
