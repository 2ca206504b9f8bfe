"""What the operations of ECS, ECR and CloudWatch Logs need."""

from __future__ import annotations

from collections.abc import Iterator

from ..call import Call
from .need import Need, linked_role, pass_role, service, tag

_UNRESTRICTED = ("DescribeTaskDefinition", "DeregisterTaskDefinition", "ListTaskDefinitions", "ListClusters")


@service("ecs")
def ecs(call: Call) -> Iterator[Need]:
    params = call.params
    if call.operation in _UNRESTRICTED:
        yield Need(call.name)
        return
    if call.operation == "RegisterTaskDefinition":
        resources = [call.arn("ecs", f"task-definition/{params['family']}:*")]
        for role in ("executionRoleArn", "taskRoleArn"):
            yield from pass_role(params.get(role), "ecs-tasks.amazonaws.com")
    elif "resourceArn" in params:
        resources = [params["resourceArn"]]
    elif call.operation in ("DescribeTasks", "DescribeTaskSets", "ListTasks"):
        yield from _tasks(call)
        return
    elif call.operation.endswith(("ServiceDeployment", "ServiceDeployments", "ServiceRevisions")):
        resources = _rollouts(call)
    elif call.operation.endswith(("Service", "Services")):
        cluster = params.get("cluster", "default").rpartition("/")[2]
        names = params.get("services") or [params.get("service") or params["serviceName"]]
        resources = [call.arn("ecs", f"service/{cluster}/{name.rpartition('/')[2]}") for name in names]
    else:
        names = params.get("clusters") or [params.get("cluster") or params.get("clusterName", "default")]
        resources = [call.arn("ecs", f"cluster/{name.rpartition('/')[2]}") for name in names]
    for resource in resources:
        yield Need(call.name, resource)
    if call.operation.startswith(("Create", "Register")):
        yield from tag("ecs:TagResource", call, resources[0], "tags")
    if call.operation in ("CreateService", "UpdateService"):
        for balancer in params.get("loadBalancers", []):
            yield from pass_role((balancer.get("advancedConfiguration") or {}).get("roleArn"), "ecs.amazonaws.com")
        for hook in params.get("deploymentConfiguration", {}).get("lifecycleHooks") or []:
            yield from pass_role(hook.get("roleArn"), "ecs.amazonaws.com")
    if call.operation in ("CreateCluster", "CreateService"):
        yield from linked_role(call, "ecs.amazonaws.com", "AWSServiceRoleForECS")


def _tasks(call: Call) -> Iterator[Need]:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html"""
    params = call.params
    cluster = params.get("cluster", "default").rpartition("/")[2]
    context = {"ecs:cluster": call.arn("ecs", f"cluster/{cluster}")}
    if call.operation == "DescribeTasks":
        resources = [f"task/{cluster}/{item.rpartition('/')[2]}" for item in params["tasks"]]
    elif call.operation == "DescribeTaskSets":
        prefix = f"task-set/{cluster}/{params['service'].rpartition('/')[2]}"
        wanted = [item.rpartition("ecs-svc/")[2] for item in params.get("taskSets") or []]
        resources = [f"{prefix}/ecs-svc/{item}" for item in wanted] or [f"{prefix}/*"]
    else:
        resources = [f"container-instance/{cluster}/*"]
    for resource in resources:
        yield Need(call.name, call.arn("ecs", resource), context)


def _rollouts(call: Call) -> list[str]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment-permissions.html"""
    params = call.params
    if call.operation == "ListServiceDeployments":
        cluster = params.get("cluster", "default").rpartition("/")[2]
        return [call.arn("ecs", f"service/{cluster}/{params['service'].rpartition('/')[2]}")]
    arns = params.get("serviceDeploymentArns") or params.get("serviceRevisionArns") or [params["serviceDeploymentArn"]]
    services = {call.arn("ecs", "service/" + "/".join(arn.split("/")[1:3])) for arn in arns}
    return [*sorted(services), *arns]


@service("ecr")
def ecr(call: Call) -> Iterator[Need]:
    params = call.params
    names = params.get("repositoryNames") or [params["repositoryName"]] if "resourceArn" not in params else []
    resources = [call.arn("ecr", f"repository/{name}") for name in names] or [params["resourceArn"]]
    for resource in resources:
        yield Need(call.name, resource)
    if call.operation == "CreateRepository":
        yield from tag("ecr:TagResource", call, resources[0], "tags")
        key = (params.get("encryptionConfiguration") or {}).get("kmsKey")
        for action in ("kms:CreateGrant", "kms:DescribeKey") if key else ():
            yield Need(action, key, {"kms:ViaService": f"ecr.{call.region}.amazonaws.com"})


@service("logs")
def logs(call: Call) -> Iterator[Need]:
    params = call.params
    if call.operation == "DescribeLogGroups":
        yield Need(call.name)
    elif "resourceArn" in params:
        yield Need(call.name, params["resourceArn"])
    else:
        named = params.get("logGroupName") or params["logGroupIdentifier"].rpartition(":log-group:")[2]
        group = call.arn("logs", f"log-group:{named}")
        stream = params["logStreamName"] if call.operation == "GetLogEvents" else ""
        yield Need(call.name, f"{group}:log-stream:{stream}")
        if call.operation == "CreateLogGroup":
            yield from tag("logs:TagResource", call, group, "tags")
