"""IAM's simulator, and what the operations of deliveries need under enforcement."""

from __future__ import annotations

import json

from stacks import trust
from test_access import allow, denied, user  # noqa: F401 (a fixture)

ROLE = "arn:aws:iam::123456789012:role/deployer"


def decisions(iam, arn, actions, resources=(), **context):
    entries = [
        {"ContextKeyName": name.replace("_", ":"), "ContextKeyValues": [value], "ContextKeyType": "string"}
        for name, value in context.items()
    ]
    found = iam.simulate_principal_policy(
        PolicySourceArn=arn, ActionNames=actions, ResourceArns=list(resources), ContextEntries=entries
    )
    return [(item["EvalActionName"], item["EvalDecision"]) for item in found["EvaluationResults"]]


def test_role(client, refused):
    iam = client("iam")
    iam.create_role(RoleName="deployer", AssumeRolePolicyDocument=trust("codedeploy.amazonaws.com"))
    statements = [
        allow("ecs:Describe*"),
        allow("iam:PassRole", ROLE, StringEquals={"iam:PassedToService": "ecs-tasks.amazonaws.com"}),
        {"Effect": "Deny", "Action": "ecs:DescribeTasks", "Resource": "*"},
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_role_policy(RoleName="deployer", PolicyName="p", PolicyDocument=document)
    assert decisions(iam, ROLE, ["ecs:DescribeServices", "ecs:DescribeTasks", "ecs:ListTasks"]) == [
        ("ecs:DescribeServices", "allowed"),
        ("ecs:DescribeTasks", "explicitDeny"),
        ("ecs:ListTasks", "implicitDeny"),
    ]
    [result] = iam.simulate_principal_policy(PolicySourceArn=ROLE, ActionNames=["iam:PassRole"], ResourceArns=[ROLE])[
        "EvaluationResults"
    ]
    assert (result["EvalDecision"], result["MissingContextValues"]) == ("implicitDeny", ["iam:PassedToService"])
    [(_, decision)] = decisions(iam, ROLE, ["iam:PassRole"], [ROLE], iam_PassedToService="ecs-tasks.amazonaws.com")
    assert decision == "allowed"
    managed = iam.create_policy(
        PolicyName="more", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": allow("ecs:ListTasks")})
    )
    iam.attach_role_policy(RoleName="deployer", PolicyArn=managed["Policy"]["Arn"])
    assert decisions(iam, ROLE, ["ecs:ListTasks"]) == [("ecs:ListTasks", "allowed")]
    only = json.dumps({"Version": "2012-10-17", "Statement": allow("ecs:ListTasks")})
    boundary = iam.create_policy(PolicyName="boundary", PolicyDocument=only)["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName="deployer", PermissionsBoundary=boundary)
    results = iam.simulate_principal_policy(
        PolicySourceArn=ROLE, ActionNames=["ecs:ListTasks", "ecs:DescribeServices", "ecs:DescribeTasks"]
    )["EvaluationResults"]
    assert [
        (item["EvalDecision"], item["PermissionsBoundaryDecisionDetail"]["AllowedByPermissionsBoundary"])
        for item in results
    ] == [("allowed", True), ("implicitDeny", False), ("explicitDeny", False)]
    simulate = iam.simulate_principal_policy
    refused("NoSuchEntity", simulate, PolicySourceArn=f"{ROLE}s", ActionNames=["ecs:ListTasks"])
    root = "arn:aws:iam::123456789012:root"
    refused("InvalidInput", simulate, PolicySourceArn=root, ActionNames=["ecs:ListTasks"])


def test_user_and_groups(client):
    iam = client("iam")
    iam.create_user(UserName="deployer")
    iam.create_group(GroupName="all")
    iam.add_user_to_group(GroupName="all", UserName="deployer")
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow("s3:GetObject", "arn:aws:s3:::a/*")]})
    iam.put_group_policy(GroupName="all", PolicyName="p", PolicyDocument=document)
    arn = "arn:aws:iam::123456789012:user/deployer"
    found = decisions(iam, arn, ["s3:GetObject"], ["arn:aws:s3:::a/key", "arn:aws:s3:::b/key"])
    assert [decision for _, decision in found] == ["allowed", "implicitDeny"]


def test_what_a_release_needs(delivery, user):  # noqa: F811 (the fixture)
    delivery.pipeline()
    commit = delivery.commit()
    deployment = delivery.deployment()
    execution = delivery.newest()["pipelineExecutionId"]
    build = delivery.result("Build")["externalExecutionId"]
    tasks = delivery.ecs.list_tasks(cluster="main", serviceName="web")["taskArns"]
    region = "eu-central-1:123456789012"
    client = user(
        allow(["codepipeline:*Pipeline*", "codepipeline:ListActionExecutions"], f"arn:aws:codepipeline:{region}:app"),
        allow("codepipeline:RetryStageExecution", f"arn:aws:codepipeline:{region}:app/Build"),
        allow("codebuild:BatchGetBuilds", f"arn:aws:codebuild:{region}:project/app"),
        allow("codedeploy:*", f"arn:aws:codedeploy:{region}:deploymentgroup:app/group"),
        allow(["codedeploy:*Target*", "codedeploy:ContinueDeployment", "codedeploy:StopDeployment"]),
        allow("ecs:ListTasks", ArnEquals={"ecs:cluster": f"arn:aws:ecs:{region}:cluster/main"}),
        allow("ecs:DescribeTasks", f"arn:aws:ecs:{region}:task/main/*"),
        allow("ecs:DescribeTaskSets", f"arn:aws:ecs:{region}:task-set/main/web/*"),
        allow("elasticloadbalancing:DescribeTargetHealth"),
        allow("logs:GetLogEvents", f"arn:aws:logs:{region}:log-group:/build:log-stream:*"),
        allow("codecommit:*", delivery.repository),
        allow(["ecr:DescribeImages", "ecr:BatchGetImage"], f"arn:aws:ecr:{region}:repository/app"),
        allow("iam:SimulatePrincipalPolicy", "arn:aws:iam::123456789012:user/deployer"),
    )
    pipelines = client("codepipeline")
    pipelines.get_pipeline_state(name="app")
    pipelines.list_pipeline_executions(pipelineName="app")
    pipelines.get_pipeline_execution(pipelineName="app", pipelineExecutionId=execution)
    pipelines.list_action_executions(pipelineName="app")
    pipelines.start_pipeline_execution(name="app")
    retry = {"pipelineName": "app", "pipelineExecutionId": execution, "retryMode": "FAILED_ACTIONS"}
    assert denied(pipelines.retry_stage_execution, **retry, stageName="Build")["Code"] == "StageNotRetryableException"
    assert denied(pipelines.retry_stage_execution, **retry, stageName="Deploy")["Code"] == "AccessDeniedException"
    [found] = client("codebuild").batch_get_builds(ids=[build])["builds"]
    deploys = client("codedeploy")
    deploys.get_deployment(deploymentId=deployment)
    deploys.list_deployment_targets(deploymentId=deployment)
    deploys.list_deployments(applicationName="app", deploymentGroupName="group")
    deploys.continue_deployment(deploymentId=deployment)
    deploys.stop_deployment(deploymentId=deployment)
    message = denied(deploys.create_deployment, **delivery.parameters("{}"))["Message"]
    assert "codedeploy:GetDeploymentConfig" in message
    ecs = client("ecs")
    ecs.list_tasks(cluster="main", serviceName="web")
    ecs.describe_tasks(cluster="main", tasks=tasks)
    ecs.describe_task_sets(cluster="main", service="web")
    client("elbv2").describe_target_health(TargetGroupArn=delivery.stack.blue)
    client("logs").get_log_events(logGroupName="/build", logStreamName=found["logs"]["streamName"])
    commits = client("codecommit")
    commits.get_branch(repositoryName="app", branchName="main")
    commits.get_folder(repositoryName="app", folderPath="/")
    commits.get_differences(repositoryName="app", afterCommitSpecifier=commit)
    client("ecr").describe_images(repositoryName="app")
    client("ecr").batch_get_image(repositoryName="app", imageIds=[{"imageTag": commit}])
    arn = "arn:aws:iam::123456789012:user/deployer"
    assert decisions(client("iam"), arn, ["logs:PutLogEvents"]) == [("logs:PutLogEvents", "implicitDeny")]
