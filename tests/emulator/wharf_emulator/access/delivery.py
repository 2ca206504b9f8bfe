"""What the operations of CodeCommit, CodeBuild, CodeDeploy, CodePipeline and EventBridge need."""

from __future__ import annotations

from collections.abc import Iterator

from ..call import Call
from .need import Need, pass_role, service, tag


@service("codecommit")
def codecommit(call: Call) -> Iterator[Need]:
    params = call.params
    if "resourceArn" in params:
        resources = [params["resourceArn"]]
    else:
        names = params.get("repositoryNames") or [params["repositoryName"]]
        resources = [call.arn("codecommit", name) for name in names]
    for resource in resources:
        yield Need(call.name, resource)
    if call.operation == "CreateRepository":
        yield from tag("codecommit:TagResource", call, resources[0], "tags")


@service("codebuild")
def codebuild(call: Call) -> Iterator[Need]:
    params = call.params
    if call.operation in ("ListBuilds", "ListProjects"):
        yield Need(call.name)
        return
    builds = params.get("ids") or [params[name] for name in ("id",) if name in params]
    # what may be done with a build is said of its project
    names = [build.rpartition("build/")[2].partition(":")[0] for build in builds]
    names = names or params.get("names") or [params.get("projectName") or params["name"]]
    for name in dict.fromkeys(names):
        yield Need(call.name, name if name.startswith("arn:") else call.arn("codebuild", f"project/{name}"))
    yield from pass_role(call.params.get("serviceRole"), "codebuild.amazonaws.com")


_WITHOUT_RESOURCES = (
    "BatchGetDeploymentTargets",
    "ContinueDeployment",
    "GetDeploymentTarget",
    "ListDeploymentTargets",
    "StopDeployment",
)
"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodedeploy.html"""


@service("codedeploy")
def codedeploy(call: Call) -> Iterator[Need]:
    params = call.params
    application = params.get("applicationName") or params.get("currentApplicationName")
    groups = params.get("deploymentGroupNames") or [
        params.get("deploymentGroupName") or params.get("currentDeploymentGroupName")
    ]
    identities = params.get("deploymentIds") or [params[name] for name in ("deploymentId",) if name in params]
    if call.operation in _WITHOUT_RESOURCES:
        resources = ["*"]
    elif identities:
        resources = list(dict.fromkeys(_group_of(call, identity) for identity in identities))
    elif "ResourceArn" in params or "resourceArn" in params:
        resources = [params.get("ResourceArn") or params["resourceArn"]]
    elif "applicationNames" in params:
        resources = [call.arn("codedeploy", f"application:{name}") for name in params["applicationNames"]]
    elif "deploymentConfigName" in params and application is None:
        resources = [_configuration(call, params["deploymentConfigName"])]
    elif application is None:
        resources = ["*"]
    elif groups[0]:
        resources = [call.arn("codedeploy", f"deploymentgroup:{application}/{name}") for name in groups]
    else:
        resources = [call.arn("codedeploy", f"application:{application}")]
    for resource in resources:
        yield Need(call.name, resource)
    if call.operation == "CreateDeployment":
        # https://docs.aws.amazon.com/codedeploy/latest/userguide/auth-and-access-control-permissions-reference.html
        name = params.get("deploymentConfigName") or _configuration_of(call, application, groups[0])
        yield Need("codedeploy:GetDeploymentConfig", _configuration(call, name))
        yield Need("codedeploy:RegisterApplicationRevision", call.arn("codedeploy", f"application:{application}"))
    if call.operation.startswith("Create"):
        yield from tag("codedeploy:TagResource", call, resources[0], "tags")
    yield from pass_role(params.get("serviceRoleArn"), "codedeploy.amazonaws.com")


def _configuration(call: Call, name: str) -> str:
    return call.arn("codedeploy", f"deploymentconfig:{name}")


def _configuration_of(call: Call, application: str | None, group: str | None) -> str:
    """The name of the configuration of a deployment group."""
    found = call.backend().deployment_groups.get(application, {}).get(group)
    return "*" if found is None else found.deployment_config_name


def _group_of(call: Call, deployment: str) -> str:
    """The deployment group of a deployment: what its operations are allowed on.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodedeploy.html
    """
    found = call.backend().deployments.get(deployment)
    if found is None:
        return call.arn("codedeploy", "deploymentgroup:*/*")
    group = found.deployment_group
    return call.arn("codedeploy", f"deploymentgroup:{group.application.application_name}/{group.deployment_group_name}")


@service("codepipeline")
def codepipeline(call: Call) -> Iterator[Need]:
    params = call.params
    pipeline = params.get("pipeline") or {}
    name = params.get("name") or params.get("pipelineName") or pipeline.get("name")
    if name is None and "resourceArn" not in params:
        yield Need(call.name)
        return
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodepipeline.html
    if call.operation == "RetryStageExecution":
        name = f"{name}/{params['stageName']}"
    elif call.operation == "PutApprovalResult":
        name = f"{name}/{params['stageName']}/{params['actionName']}"
    resource = params.get("resourceArn") or call.arn("codepipeline", name)
    yield Need(call.name, resource)
    if call.operation == "CreatePipeline":
        yield from tag("codepipeline:TagResource", call, resource, "tags")
    actions = [action for stage in pipeline.get("stages", []) for action in stage["actions"]]
    for role in dict.fromkeys([pipeline.get("roleArn"), *(action.get("roleArn") for action in actions)]):
        yield from pass_role(role, "codepipeline.amazonaws.com")


@service("events")
def events(call: Call) -> Iterator[Need]:
    params = call.params
    if call.operation == "ListRules":
        yield Need(call.name)
        return
    if "ResourceARN" in params:
        yield Need(call.name, params["ResourceARN"])
        return
    bus = params.get("EventBusName", "default").rpartition("/")[2]
    name = params.get("Rule") or params["Name"]
    resource = call.arn("events", f"rule/{name}" if bus == "default" else f"rule/{bus}/{name}")
    yield Need(call.name, resource)
    if call.operation == "PutRule":
        yield from tag("events:TagResource", call, resource, "Tags")
    roles = [params.get("RoleArn"), *(target.get("RoleArn") for target in params.get("Targets", []))]
    for role in dict.fromkeys(roles):
        yield from pass_role(role, "events.amazonaws.com")


@service("resourcegroupstaggingapi")
def tagging(call: Call) -> Iterator[Need]:
    yield Need(f"tag:{call.operation}")
