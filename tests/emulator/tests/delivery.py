"""A pipeline from a commit to a blue/green deployment, and short ways to ask about its executions."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from blue_green import World

ACCOUNT = "123456789012"
BUILDSPEC = """
version: 0.2
phases:
  build:
    commands:
      - docker build . && docker push
artifacts:
  files:
    - imageDetail.json
"""
APPSPEC = """
version: 0.0
Resources:
  - TargetService:
      Type: AWS::ECS::Service
      Properties:
        TaskDefinition: <TASK_DEFINITION>
        LoadBalancerInfo: {ContainerName: web, ContainerPort: 80}
"""


def action(name: str, category: str, provider: str, configuration: dict[str, str], inputs=(), outputs=(), **more: Any):
    return {
        "name": name,
        "actionTypeId": {"category": category, "owner": "AWS", "provider": provider, "version": "1"},
        "configuration": configuration,
        "inputArtifacts": [{"name": item} for item in inputs],
        "outputArtifacts": [{"name": item} for item in outputs],
        **more,
    }


class Delivery(World):
    """The parts of the reference stack."""

    def __init__(self, emulator: Any, stack: Any):
        super().__init__(emulator, stack)
        client = stack.client
        self.pipelines, self.commits = client("codepipeline"), client("codecommit")
        self.builds, self.s3, self.logs = client("codebuild"), client("s3"), client("logs")
        self.ecr, self.events_client = client("ecr"), client("events")
        for bucket in ("artifacts", "revision"):
            location = {"LocationConstraint": "eu-central-1"}
            self.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=location)
        self.s3.put_bucket_versioning(Bucket="revision", VersioningConfiguration={"Status": "Enabled"})
        self.repository = self.commits.create_repository(repositoryName="app")["repositoryMetadata"]["Arn"]
        self.url = self.ecr.create_repository(repositoryName="app")["repository"]["repositoryUri"]
        for group in ("/build", "/ecs/app"):
            self.logs.create_log_group(logGroupName=group)
        self.builds.create_project(
            name="app",
            source={"type": "CODEPIPELINE", "buildspec": BUILDSPEC},
            artifacts={"type": "CODEPIPELINE"},
            environment={
                "type": "LINUX_CONTAINER",
                "image": "standard",
                "computeType": "BUILD_GENERAL1_SMALL",
                "environmentVariables": [{"name": "REPOSITORY_URL", "value": self.url}],
            },
            serviceRole=stack.role("build", "codebuild.amazonaws.com"),
            logsConfig={"cloudWatchLogs": {"status": "ENABLED", "groupName": "/build"}},
        )
        self.template()
        self.group()

    def template(self, appspec=APPSPEC, **more):
        container = {
            "name": "web",
            "image": "<IMAGE1_NAME>",
            "portMappings": [{"containerPort": 80}],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": "/ecs/app",
                    "awslogs-region": "eu-central-1",
                    "awslogs-stream-prefix": "httpd",
                },
            },
        }
        definition = {
            "family": "app",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "cpu": "256",
            "memory": "512",
            "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/execution",
            "containerDefinitions": [container],
            **more,
        }
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as archive:
            archive.writestr("appspec.yaml", appspec)
            archive.writestr("taskdef.json", json.dumps(definition))
        put = self.s3.put_object(Bucket="revision", Key="revision.zip", Body=target.getvalue())
        return put["VersionId"]

    def pipeline(self, mode="QUEUED", poll="false", rule=True, **more):
        source = {"RepositoryName": "app", "BranchName": "main", "PollForSourceChanges": poll}
        template = {"S3Bucket": "revision", "S3ObjectKey": "revision.zip", "PollForSourceChanges": "false"}
        deploy = {
            "ApplicationName": "app",
            "DeploymentGroupName": "group",
            "AppSpecTemplateArtifact": "revision",
            "AppSpecTemplatePath": "appspec.yaml",
            "TaskDefinitionTemplateArtifact": "revision",
            "TaskDefinitionTemplatePath": "taskdef.json",
            "Image1ArtifactName": "image",
            "Image1ContainerName": "IMAGE1_NAME",
        }
        self.declared = {
            "name": "app",
            "roleArn": self.stack.role("pipeline", "codepipeline.amazonaws.com"),
            "artifactStore": {"type": "S3", "location": "artifacts"},
            "pipelineType": "V2",
            "executionMode": mode,
            "stages": [
                {
                    "name": "Source",
                    "actions": [
                        action("Application", "Source", "CodeCommit", source, (), ["code"], namespace="Code"),
                        action("Revision", "Source", "S3", template, (), ["revision"]),
                    ],
                },
                {
                    "name": "Build",
                    "actions": [action("Build", "Build", "CodeBuild", {"ProjectName": "app"}, ["code"], ["image"])],
                },
                {
                    "name": "Deploy",
                    "actions": [action("Deploy", "Deploy", "CodeDeployToECS", deploy, ["revision", "image"])],
                },
            ],
            **more,
        }
        self.pipelines.create_pipeline(pipeline=self.declared)
        self.arn = self.pipelines.get_pipeline(name="app")["metadata"]["pipelineArn"]
        if rule:
            self.rule()
        return self

    def rule(self, state="ENABLED", branch="main"):
        pattern = {
            "source": ["aws.codecommit"],
            "detail-type": ["CodeCommit Repository State Change"],
            "resources": [self.repository],
            "detail": {
                "event": ["referenceCreated", "referenceUpdated"],
                "referenceType": ["branch"],
                "referenceName": [branch],
            },
        }
        made = self.events_client.put_rule(Name="push", EventPattern=json.dumps(pattern), State=state)
        self.rule_arn = made["RuleArn"]
        role = self.stack.role("trigger", "events.amazonaws.com")
        self.events_client.put_targets(Rule="push", Targets=[{"Id": "pipeline", "Arn": self.arn, "RoleArn": role}])

    def commit(self, text="one", branch="main", path="Dockerfile"):
        found = self.commits.list_branches(repositoryName="app")["branches"]
        parent = {}
        if branch in found:
            shown = self.commits.get_branch(repositoryName="app", branchName=branch)["branch"]
            parent["parentCommitId"] = shown["commitId"]
        made = self.commits.put_file(
            repositoryName="app",
            branchName=branch,
            filePath=path,
            fileContent=text.encode(),
            commitMessage=f"Say {text}",
            **parent,
        )
        return made["commitId"]

    def executions(self, **more):
        """All executions but the one that making the pipeline started; the newest first."""
        found = self.pipelines.list_pipeline_executions(pipelineName="app", **more)["pipelineExecutionSummaries"]
        return [item for item in found if item["trigger"]["triggerType"] != "CreatePipeline"]

    def newest(self):
        return self.executions()[0]

    def execution(self, identity):
        found = self.pipelines.get_pipeline_execution(pipelineName="app", pipelineExecutionId=identity)
        return found["pipelineExecution"]

    def actions(self, identity=None):
        chosen = {"pipelineExecutionId": identity or self.newest()["pipelineExecutionId"]}
        found = self.pipelines.list_action_executions(pipelineName="app", filter=chosen)["actionExecutionDetails"]
        return {item["actionName"]: item for item in found}

    def result(self, name):
        return self.actions()[name]["output"]["executionResult"]

    def stages(self):
        return {item["stageName"]: item for item in self.pipelines.get_pipeline_state(name="app")["stageStates"]}

    def deployment(self):
        """The deployment of the newest execution."""
        return self.result("Deploy")["externalExecutionId"]

    def build(self):
        """The build of the newest execution."""
        identity = self.result("Build")["externalExecutionId"]
        return self.builds.batch_get_builds(ids=[identity])["builds"][0]

    def lines(self, group, stream):
        found = self.logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)["events"]
        return [item["message"] for item in found]

    def finish(self, deployment=None):
        """Lets the deployment take over, and ends the wait after that."""
        deployment = deployment or self.deployment()
        self.go_on(deployment)
        self.go_on(deployment, "TERMINATION_WAIT")
