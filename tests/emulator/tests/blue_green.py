"""A stack that CodeDeploy deploys to, and short ways to ask about its deployments."""

from __future__ import annotations

import json
from typing import Any

EVENTS = [
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "AllowTestTraffic",
    "AfterAllowTestTraffic",
    "BeforeAllowTraffic",
    "AllowTraffic",
    "AfterAllowTraffic",
]


class World:
    """A stack with a deployment group whose two listeners forward to blue."""

    def __init__(self, emulator: Any, stack: Any):
        self.emulator, self.stack = emulator, stack
        self.elb, self.ecs = stack.elb, stack.ecs
        self.deploys = emulator.client("codedeploy")
        forward = [{"Type": "forward", "TargetGroupArn": stack.blue}]
        listen = {"LoadBalancerArn": stack.balancer, "Protocol": "HTTP", "DefaultActions": forward}
        self.production = stack.listener
        self.test = self.elb.create_listener(**listen, Port=8080)["Listeners"][0]["ListenerArn"]
        stack.service(deploymentController={"type": "CODE_DEPLOY"})
        self.service()
        self.service()
        self.deploys.create_application(applicationName="app", computePlatform="ECS")

    def group(
        self, ready="STOP_DEPLOYMENT", minutes=60, rollback=(), configuration="ECSAllAtOnce", test=True, alarms=()
    ):
        assert self.stack.green
        pair = {
            "targetGroups": [{"name": "blue"}, {"name": "green"}],
            "prodTrafficRoute": {"listenerArns": [self.production]},
        }
        if test:
            pair["testTrafficRoute"] = {"listenerArns": [self.test]}
        option = {"actionOnTimeout": ready}
        if minutes:
            option["waitTimeInMinutes"] = minutes
        self.deploys.create_deployment_group(
            applicationName="app",
            deploymentGroupName="group",
            serviceRoleArn=self.stack.role("deploy", "codedeploy.amazonaws.com"),
            deploymentConfigName=f"CodeDeployDefault.{configuration}",
            deploymentStyle={"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
            ecsServices=[{"clusterName": "main", "serviceName": "web"}],
            blueGreenDeploymentConfiguration={
                "terminateBlueInstancesOnDeploymentSuccess": {
                    "action": "TERMINATE",
                    "terminationWaitTimeInMinutes": 5,
                },
                "deploymentReadyOption": option,
            },
            loadBalancerInfo={"targetGroupPairInfoList": [pair]},
            autoRollbackConfiguration={"enabled": bool(rollback), "events": list(rollback)},
            alarmConfiguration={"enabled": bool(alarms), "alarms": [{"name": name} for name in alarms]},
        )
        return self

    def definition(self):
        made = self.ecs.register_task_definition(
            family="app",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[{"name": "web", "image": "nginx:2", "portMappings": [{"containerPort": 80}]}],
        )
        return made["taskDefinition"]["taskDefinitionArn"]

    def appspec(self, definition=None, hooks=(), container="web"):
        balancer = {"ContainerName": container, "ContainerPort": 80}
        properties = {"TaskDefinition": definition or self.definition(), "LoadBalancerInfo": balancer}
        resource = {"TargetService": {"Type": "AWS::ECS::Service", "Properties": properties}}
        return json.dumps({"version": 0.0, "Resources": [resource], "Hooks": [{hook: "check"} for hook in hooks]})

    def parameters(self, content=None, **more):
        revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": content or self.appspec()}}
        return {"applicationName": "app", "deploymentGroupName": "group", "revision": revision, **more}

    def deploy(self, content=None, **more):
        return self.deploys.create_deployment(**self.parameters(content, **more))["deploymentId"]

    def info(self, identity):
        return self.deploys.get_deployment(deploymentId=identity)["deploymentInfo"]

    def status(self, identity):
        return self.info(identity)["status"]

    def target(self, identity):
        [name] = self.deploys.list_deployment_targets(deploymentId=identity)["targetIds"]
        return self.deploys.get_deployment_target(deploymentId=identity, targetId=name)["deploymentTarget"]["ecsTarget"]

    def events(self, identity):
        return {item["lifecycleEventName"]: item["status"] for item in self.target(identity)["lifecycleEvents"]}

    def go_on(self, identity, kind="READY_WAIT"):
        self.deploys.continue_deployment(deploymentId=identity, deploymentWaitType=kind)

    def stop(self, identity, **more):
        return self.deploys.stop_deployment(deploymentId=identity, **more)

    def later(self, minutes):
        self.emulator.later(minutes * 60)

    def faults(self, *faults, **more):
        return self.emulator.control("deployments", {"faults": list(faults), **more})

    def weights(self, listener):
        described = self.elb.describe_listeners(ListenerArns=[listener])["Listeners"][0]
        return self.named(described["DefaultActions"][0])

    def named(self, action):
        names = {self.stack.blue: "blue", self.stack.green: "green"}
        groups = action["ForwardConfig"]["TargetGroups"]
        return [(names[item["TargetGroupArn"]], item["Weight"]) for item in groups]

    def service(self):
        return self.stack.described_service()

    def health(self, group):
        found = self.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return [item["TargetHealth"]["State"] for item in found]

    def deployed(self):
        identity = self.deploy()
        assert self.status(identity) == "Ready"
        self.go_on(identity)
        assert self.status(identity) == "InProgress"
        self.go_on(identity, "TERMINATION_WAIT")
        assert self.status(identity) == "Succeeded"
        return identity

    def untouched(self):
        """Nothing but the original task set, and all production traffic is its."""
        service = self.service()
        assert [item["status"] for item in service["taskSets"]] == ["PRIMARY"]
        assert service["loadBalancers"][0]["targetGroupArn"] == self.stack.blue
        assert service["taskDefinition"] == self.stack.definition
        assert (self.health(self.stack.blue), self.health(self.stack.green)) == (["healthy"] * 2, [])
        assert dict(self.weights(self.production))["blue"] > 0
        assert dict(self.weights(self.production)).get("green", 0) == 0
        return True
