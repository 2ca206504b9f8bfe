"""CodePipeline's executions: from a commit over a build to the traffic."""

from __future__ import annotations

import io
import json
import zipfile

import pytest


def test_from_a_commit_to_the_traffic(delivery):
    delivery.pipeline()
    commit = delivery.commit()
    execution = delivery.newest()
    assert execution["status"] == "InProgress"
    assert execution["trigger"] == {"triggerType": "CloudWatchEvent", "triggerDetail": delivery.rule_arn}
    revisions = {item["actionName"]: item for item in execution["sourceRevisions"]}
    assert revisions["Application"]["revisionId"] == commit
    assert revisions["Application"]["revisionSummary"] == "Say one"
    assert commit in revisions["Application"]["revisionUrl"]
    assert revisions["Revision"]["revisionSummary"].startswith("Amazon S3 version id: ")

    build = delivery.build()
    assert (build["buildStatus"], build["resolvedSourceVersion"]) == ("SUCCEEDED", commit)
    assert build["initiator"] == "codepipeline/app"
    assert {item.get("phaseStatus") for item in build["phases"]} == {"SUCCEEDED", None}
    assert "Phase complete: BUILD State: SUCCEEDED" in "\n".join(
        delivery.lines(build["logs"]["groupName"], build["logs"]["streamName"])
    )
    [image] = delivery.ecr.describe_images(repositoryName="app", imageIds=[{"imageTag": commit}])["imageDetails"]
    assert image["imageDigest"].startswith("sha256:")
    batch = delivery.ecr.batch_get_image(repositoryName="app", imageIds=[{"imageTag": commit}])["images"]
    assert batch[0]["imageId"]["imageDigest"] == image["imageDigest"]

    deployment = delivery.deployment()
    assert delivery.status(deployment) == "Ready"
    states = {name: item["latestExecution"]["status"] for name, item in delivery.stages().items()}
    assert states == {"Source": "Succeeded", "Build": "Succeeded", "Deploy": "InProgress"}
    green = delivery.service()["taskSets"][1]
    definition = delivery.ecs.describe_task_definition(taskDefinition=green["taskDefinition"])["taskDefinition"]
    assert definition["containerDefinitions"][0]["image"] == f"{delivery.url}:{commit}"
    assert definition["revision"] == 2

    delivery.go_on(deployment)
    assert delivery.newest()["status"] == "InProgress"
    delivery.later(6)
    assert delivery.newest()["status"] == "Succeeded"
    assert delivery.result("Deploy")["externalExecutionSummary"] == "Deployment Succeeded"
    assert delivery.service()["taskDefinition"] == definition["taskDefinitionArn"]


def test_artifacts_are_in_the_bucket_and_nobodys_objects(delivery):
    delivery.pipeline()
    commit = delivery.commit()
    [made] = delivery.actions()["Build"]["output"]["outputArtifacts"]
    place = made["s3location"]
    content = delivery.s3.get_object(Bucket=place["bucket"], Key=place["key"])["Body"].read()
    detail = zipfile.ZipFile(io.BytesIO(content)).read("imageDetail.json")
    assert json.loads(detail) == {"ImageURI": f"{delivery.url}:{commit}"}
    assert delivery.actions()["Build"]["input"]["inputArtifacts"][0]["name"] == "code"
    objects = [item["id"] for item in delivery.emulator.control("objects") if item["type"] == "aws_s3_object"]
    assert objects == ["revision/revision.zip"]


def test_new_pipeline_starts_and_finds_no_branch(delivery):
    delivery.pipeline()
    [first] = delivery.pipelines.list_pipeline_executions(pipelineName="app")["pipelineExecutionSummaries"]
    assert (first["status"], first["trigger"]["triggerType"]) == ("Failed", "CreatePipeline")
    found = delivery.actions(first["pipelineExecutionId"])
    assert "no branch named main" in found["Application"]["output"]["executionResult"]["errorDetails"]["message"]
    assert found["Revision"]["status"] == "Succeeded"
    assert delivery.stages()["Source"]["latestExecution"]["status"] == "Failed"
    assert "latestExecution" not in delivery.stages()["Build"]


def test_second_commit_waits_for_the_first(delivery):
    delivery.pipeline()
    first = delivery.commit()
    one = delivery.newest()["pipelineExecutionId"]
    deployment = delivery.deployment()
    second = delivery.commit("two")
    two = delivery.newest()["pipelineExecutionId"]
    assert two != one
    waiting = delivery.stages()["Deploy"]
    assert [item["pipelineExecutionId"] for item in waiting["inboundExecutions"]] == [two]
    assert waiting["inboundExecution"]["status"] == "InProgress"
    assert waiting["latestExecution"]["pipelineExecutionId"] == one
    assert "Deploy" not in delivery.actions(two)
    tags = delivery.ecr.describe_images(repositoryName="app")["imageDetails"]
    assert {tag for item in tags for tag in item["imageTags"]} == {first, second}
    delivery.finish(deployment)
    assert [item["status"] for item in delivery.executions()] == ["InProgress", "Succeeded"]
    assert delivery.deployment() != deployment
    assert delivery.status(delivery.deployment()) == "Ready"
    assert "inboundExecution" not in delivery.stages()["Deploy"]


def test_superseded(delivery):
    delivery.pipeline("SUPERSEDED")
    for text in ("one", "two", "three"):
        delivery.commit(text)
    assert [item["status"] for item in delivery.executions()] == ["InProgress", "Superseded", "InProgress"]
    delivery.finish(
        delivery.actions(delivery.executions()[2]["pipelineExecutionId"])["Deploy"]["output"]["executionResult"][
            "externalExecutionId"
        ]
    )
    assert [item["status"] for item in delivery.executions()] == ["InProgress", "Superseded", "Succeeded"]
    assert delivery.status(delivery.deployment()) == "Ready"


def test_parallel_executions_get_in_each_others_way(delivery):
    delivery.pipeline("PARALLEL")
    delivery.commit("one")
    delivery.commit("two")
    assert [item["status"] for item in delivery.executions()] == ["Failed", "InProgress"]
    assert "already has an active Deployment" in delivery.result("Deploy")["errorDetails"]["message"]


def test_stopped_deployment_fails_the_action(delivery):
    delivery.pipeline()
    delivery.commit()
    delivery.stop(delivery.deployment(), autoRollbackEnabled=True)
    assert delivery.newest()["status"] == "Failed"
    found = delivery.actions()["Deploy"]
    assert found["status"] == "Failed"
    error = found["output"]["executionResult"]["errorDetails"]
    assert error["code"] == "JobFailed"
    assert "stopped on request" in error["message"]
    shown = delivery.stages()["Deploy"]["actionStates"][0]["latestExecution"]
    assert (shown["status"], shown["errorDetails"]) == ("Failed", error)


def test_nobody_approves(delivery):
    delivery.pipeline()
    delivery.commit()
    assert delivery.newest()["status"] == "InProgress"
    delivery.later(61)
    assert delivery.newest()["status"] == "Failed"
    assert "traffic was not rerouted" in delivery.result("Deploy")["errorDetails"]["message"]
    assert delivery.untouched()


def test_pace(delivery):
    delivery.pipeline()
    delivery.faults(step_seconds=60)
    delivery.commit()

    def now():
        found = delivery.actions()
        return {name: item["status"] for name, item in found.items()}

    assert now() == {"Application": "InProgress", "Revision": "InProgress"}
    delivery.later(1.1)
    assert now() == {"Application": "Succeeded", "Revision": "Succeeded", "Build": "InProgress"}
    build = delivery.build()
    assert (build["buildStatus"], build["currentPhase"], build["buildComplete"]) == ("IN_PROGRESS", "BUILD", False)
    delivery.later(1)
    assert now()["Build"] == "Succeeded"
    assert now()["Deploy"] == "InProgress"
    assert delivery.build()["phases"][-1]["phaseType"] == "COMPLETED"
    assert delivery.status(delivery.deployment()) == "Created"
    delivery.later(10)
    assert delivery.status(delivery.deployment()) == "Ready"


def test_only_enabled_rules_that_match(delivery):
    delivery.pipeline(rule=False)
    delivery.rule(state="DISABLED")
    delivery.commit()
    assert delivery.executions() == []
    delivery.events_client.enable_rule(Name="push")
    tip = delivery.commit("two")
    assert len(delivery.executions()) == 1
    delivery.commits.create_branch(repositoryName="app", branchName="other", commitId=tip)
    delivery.commit("three", "other")
    assert len(delivery.executions()) == 1


def test_rule_whose_role_is_gone_starts_nothing(delivery):
    delivery.pipeline()
    delivery.stack.client("iam").delete_role(RoleName="trigger")
    delivery.commit()
    assert delivery.executions() == []


def test_polling(delivery):
    delivery.pipeline(poll="true", rule=False)
    delivery.commit()
    assert delivery.newest()["trigger"]["triggerType"] == "PollForSourceChanges"
    assert delivery.status(delivery.deployment()) == "Ready"


def test_failing_build_and_retry(delivery, refused):
    delivery.pipeline()
    delivery.faults({"kind": "failing_build", "project": "a*", "reason": "it is red", "log": "line 1\nline 2"})
    delivery.commit()
    assert delivery.newest()["status"] == "Failed"
    build = delivery.build()
    assert build["buildStatus"] == "FAILED"
    phase = next(item for item in build["phases"] if item["phaseType"] == "BUILD")
    assert phase["phaseStatus"] == "FAILED"
    assert phase["contexts"] == [{"statusCode": "COMMAND_EXECUTION_ERROR", "message": "it is red"}]
    lines = delivery.lines("/build", build["logs"]["streamName"])
    assert lines.index("line 2") == lines.index("line 1") + 1
    error = delivery.result("Build")["errorDetails"]
    assert error["message"].startswith("Build terminated with state: FAILED. Phase: BUILD")
    assert delivery.ecr.describe_images(repositoryName="app")["imageDetails"] == []

    identity = delivery.newest()["pipelineExecutionId"]
    retry = {"pipelineName": "app", "pipelineExecutionId": identity, "retryMode": "FAILED_ACTIONS"}
    wrong = delivery.pipelines.retry_stage_execution
    refused("StageNotRetryableException", wrong, **retry, stageName="Deploy")
    refused("StageNotFoundException", wrong, **retry, stageName="Nothing")
    delivery.faults()
    again = delivery.pipelines.retry_stage_execution(**retry, stageName="Build")
    assert again["pipelineExecutionId"] == identity
    assert delivery.status(delivery.deployment()) == "Ready"
    listed = delivery.pipelines.list_action_executions(pipelineName="app", filter={"pipelineExecutionId": identity})[
        "actionExecutionDetails"
    ]
    assert [item["status"] for item in listed if item["actionName"] == "Build"] == ["Succeeded", "Failed"]


def test_stop_execution(delivery, refused):
    delivery.pipeline()
    delivery.commit()
    deployment = delivery.deployment()
    name = {"pipelineName": "app", "pipelineExecutionId": delivery.newest()["pipelineExecutionId"]}
    delivery.pipelines.stop_pipeline_execution(**name, reason="enough")
    assert delivery.newest()["status"] == "Stopping"
    refused("DuplicatedStopRequestException", delivery.pipelines.stop_pipeline_execution, **name)
    delivery.pipelines.stop_pipeline_execution(**name, abandon=True, reason="at once")
    assert delivery.newest()["status"] == "Stopped"
    assert delivery.newest()["stopTrigger"] == {"reason": "at once"}
    assert delivery.actions()["Deploy"]["status"] == "Abandoned"
    assert delivery.status(deployment) == "Ready"
    refused("PipelineExecutionNotStoppableException", delivery.pipelines.stop_pipeline_execution, **name)


def test_start_with_an_older_commit(delivery, refused):
    delivery.pipeline()
    first = delivery.commit()
    delivery.finish()
    delivery.commit("two")
    delivery.finish()
    revision = {"actionName": "Application", "revisionType": "COMMIT_ID", "revisionValue": first}
    started = delivery.pipelines.start_pipeline_execution(name="app", sourceRevisions=[revision])
    found = delivery.execution(started["pipelineExecutionId"])
    assert found["trigger"]["triggerType"] == "StartPipelineExecution"
    revisions = {item["name"]: item["revisionId"] for item in found["artifactRevisions"]}
    assert revisions["code"] == first
    definition = delivery.service()["taskSets"][1]["taskDefinition"]
    shown = delivery.ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]
    assert shown["containerDefinitions"][0]["image"].endswith(first)
    start = delivery.pipelines.start_pipeline_execution
    refused("ValidationException", start, name="app", sourceRevisions=[{**revision, "actionName": "None"}])
    refused("PipelineNotFoundException", start, name="other")
    unknown = {"pipelineName": "app", "pipelineExecutionId": "00000000-0000-0000-0000-000000000000"}
    refused("PipelineExecutionNotFoundException", delivery.pipelines.get_pipeline_execution, **unknown)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Image1ContainerName": ""}, "Action configuration is missing 'Image1ContainerName'"),
        ({"Image1ArtifactName": "revision"}, "read the image artifact file from the artifact: revision"),
        ({"TaskDefinitionTemplatePath": "none.json"}, "read the task definition artifact file from: revision"),
        ({"TaskDefinitionTemplatePath": "appspec.yaml"}, "not valid JSON"),
        ({"AppSpecTemplateArtifact": "image"}, "read the AppSpec artifact file from: image"),
        ({"DeploymentGroupName": "none"}, "DeploymentGroupDoesNotExistException"),
    ],
)
def test_wrong_deploy_action(delivery, change, message):
    delivery.pipeline()
    declared = delivery.declared
    configuration = declared["stages"][2]["actions"][0]["configuration"]
    configuration.update(change)
    declared["stages"][2]["actions"][0]["configuration"] = {key: value for key, value in configuration.items() if value}
    delivery.pipelines.update_pipeline(pipeline=declared)
    delivery.commit()
    assert message in delivery.result("Deploy")["errorDetails"]["message"]
    assert delivery.deploys.list_deployments()["deployments"] == []


def test_templates_are_checked(delivery):
    delivery.pipeline()
    delivery.template(unknown="member")
    delivery.commit()
    assert "unknown" in delivery.result("Deploy")["errorDetails"]["message"]
    delivery.template("Resources: []")
    delivery.commit("two")
    assert "InvalidRevisionException" in delivery.result("Deploy")["errorDetails"]["message"]


def test_build_without_a_repository(delivery):
    delivery.pipeline()
    delivery.ecr.delete_repository(repositoryName="app")
    delivery.commit()
    build = delivery.build()
    assert "does not exist in the registry" in "\n".join(delivery.lines("/build", build["logs"]["streamName"]))
    assert "Phase: BUILD" in delivery.result("Build")["errorDetails"]["message"]


def test_other_actions_fail_and_say_so(delivery):
    delivery.pipeline()
    stage = delivery.declared["stages"][2]
    configuration = {"ClusterName": "main", "ServiceName": "web"}
    kind = {"category": "Deploy", "owner": "AWS", "provider": "ECS", "version": "1"}
    stage["actions"][0].update(actionTypeId=kind, configuration=configuration)
    delivery.pipelines.update_pipeline(pipeline=delivery.declared)
    delivery.commit()
    assert "NotImplementedByEmulator" in delivery.result("Deploy")["errorDetails"]["message"]
    assert delivery.newest()["status"] == "Failed"


def approval(delivery):
    kind = {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"}
    stage = {"name": "Ask", "actions": [{"name": "Ask", "actionTypeId": kind}]}
    delivery.declared["stages"].insert(2, stage)
    delivery.pipelines.update_pipeline(pipeline=delivery.declared)
    delivery.commit()
    token = delivery.stages()["Ask"]["actionStates"][0]["latestExecution"]["token"]
    return {"pipelineName": "app", "stageName": "Ask", "actionName": "Ask", "token": token}


@pytest.mark.parametrize("status", ["Approved", "Rejected"])
def test_approval(delivery, refused, status):
    delivery.pipeline()
    asked = approval(delivery)
    result = {"summary": "because", "status": status}
    put = delivery.pipelines.put_approval_result
    wrong = {**asked, "token": "00000000-0000-0000-0000-000000000000"}
    refused("InvalidApprovalTokenException", put, **wrong, result=result)
    refused("ActionNotFoundException", put, **{**asked, "actionName": "Nothing"}, result=result)
    put(**asked, result=result)
    assert delivery.result("Ask")["externalExecutionSummary"] == "because"
    refused("ApprovalAlreadyCompletedException", put, **asked, result=result)
    if status == "Approved":
        assert delivery.status(delivery.deployment()) == "Ready"
    else:
        assert delivery.newest()["status"] == "Failed"
        assert "Deploy" not in delivery.actions()


def test_approval_times_out(delivery):
    delivery.pipeline()
    approval(delivery)
    delivery.later(7 * 24 * 60 - 1)
    assert delivery.newest()["status"] == "InProgress"
    delivery.later(2)
    assert delivery.newest()["status"] == "Failed"
    assert delivery.result("Ask")["errorDetails"]["message"] == "The approval action has timed out"


def test_variables_of_actions(delivery):
    delivery.pipeline()
    build = delivery.declared["stages"][1]["actions"][0]
    variables = [{"name": "COMMIT", "value": "#{Code.CommitId}"}]
    build["configuration"]["EnvironmentVariables"] = json.dumps(variables)
    delivery.pipelines.update_pipeline(pipeline=delivery.declared)
    commit = delivery.commit()
    found = {item["name"]: item["value"] for item in delivery.build()["environment"]["environmentVariables"]}
    assert found == {"REPOSITORY_URL": delivery.url, "COMMIT": commit}
    build["configuration"]["EnvironmentVariables"] = "#{Nobody.Knows}"
    delivery.pipelines.update_pipeline(pipeline=delivery.declared)
    delivery.finish()
    delivery.commit("two")
    assert "#{Nobody.Knows} cannot be resolved" in delivery.result("Build")["errorDetails"]["message"]


def test_roles_of_the_pipeline_and_the_build(delivery):
    delivery.pipeline()
    iam = delivery.stack.client("iam")
    iam.delete_role(RoleName="build")
    delivery.commit()
    assert "not authorized to perform: sts:AssumeRole" in delivery.result("Build")["errorDetails"]["message"]
    iam.delete_role(RoleName="pipeline")
    delivery.commit("two")
    assert delivery.result("Application")["errorDetails"]["code"] == "PermissionError"


def test_pages(delivery):
    delivery.pipeline()
    for text in ("one", "two", "three"):
        delivery.commit(text)
    page = delivery.pipelines.list_pipeline_executions(pipelineName="app", maxResults=2)
    assert len(page["pipelineExecutionSummaries"]) == 2
    rest = delivery.pipelines.list_pipeline_executions(pipelineName="app", nextToken=page["nextToken"])
    assert len(rest["pipelineExecutionSummaries"]) == 2
    done = {"succeededInStage": {"stageName": "Build"}}
    assert len(delivery.executions(filter=done)) == 3
