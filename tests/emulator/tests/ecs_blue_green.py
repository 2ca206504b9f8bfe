"""A service that ECS itself deploys, blue to green and back, and short ways to ask about it."""

from __future__ import annotations

from typing import Any


class Native:
    """A service under ECS's blue/green: a production rule, a test rule, and a role that ECS assumes."""

    def __init__(self, emulator: Any, stack: Any):
        self.emulator, self.stack = emulator, stack
        self.elb, self.ecs = stack.elb, stack.ecs
        assert stack.listener
        assert stack.green
        self.production, self.test = self.rule(1, "/*", stack.blue), self.rule(2, "/test/*", stack.green)
        self.role = stack.role("infrastructure", "ecs.amazonaws.com")

    def rule(self, priority: int, path: str, group: str) -> str:
        made = self.elb.create_rule(
            ListenerArn=self.stack.listener,
            Priority=priority,
            Conditions=[{"Field": "path-pattern", "Values": [path]}],
            Actions=[{"Type": "forward", "TargetGroupArn": group}],
        )
        return made["Rules"][0]["RuleArn"]

    def configuration(self, strategy="BLUE_GREEN", **more: Any) -> dict[str, Any]:
        return {"strategy": strategy, "bakeTimeInMinutes": 5, **more}

    def balancers(self, **more: Any) -> list[dict[str, Any]]:
        advanced = {
            "alternateTargetGroupArn": self.stack.green,
            "productionListenerRule": self.production,
            "testListenerRule": self.test,
            "roleArn": self.role,
            **more,
        }
        advanced = {name: value for name, value in advanced.items() if value is not None}
        balancer = {"targetGroupArn": self.stack.blue, "containerName": "web", "containerPort": 80}
        return [{**balancer, "advancedConfiguration": advanced}]

    def create(self, **more: Any) -> dict[str, Any]:
        return self.stack.service(
            loadBalancers=self.balancers(), deploymentConfiguration=self.configuration(**more), desiredCount=2
        )

    def hook(self, *stages: str, pause: bool = False, **more: Any) -> dict[str, Any]:
        if pause:
            return {"targetType": "PAUSE", "lifecycleStages": list(stages), **more}
        function = "arn:aws:lambda:eu-central-1:123456789012:function:check"
        return {"hookTargetArn": function, "roleArn": self.role, "lifecycleStages": list(stages), **more}

    def definition(self) -> str:
        made = self.ecs.register_task_definition(
            family="app",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[{"name": "web", "image": "nginx:2", "portMappings": [{"containerPort": 80}]}],
        )
        return made["taskDefinition"]["taskDefinitionArn"]

    def update(self, **more: Any) -> dict[str, Any]:
        return self.ecs.update_service(cluster="main", service="web", **more)["service"]

    def deploy(self) -> str:
        """Starts a deployment of a new revision of the task definition; the ARN of the deployment."""
        self.update(taskDefinition=self.definition())
        return self.listed()[0]["serviceDeploymentArn"]

    def deployed(self) -> str:
        arn = self.deploy()
        self.later(6)
        assert self.info(arn)["status"] == "SUCCESSFUL"
        return arn

    def listed(self, **more: Any) -> list[dict[str, Any]]:
        return self.ecs.list_service_deployments(cluster="main", service="web", **more)["serviceDeployments"]

    def info(self, arn: str) -> dict[str, Any]:
        return self.ecs.describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"][0]

    def at(self, arn: str) -> tuple[str, str | None]:
        found = self.info(arn)
        return found["status"], found.get("lifecycleStage")

    def service(self) -> dict[str, Any]:
        return self.stack.described_service()

    def serving(self) -> str:
        """The name of the target group that the serving revision uses."""
        [current] = self.service()["currentServiceRevisions"]
        [found] = self.ecs.describe_service_revisions(serviceRevisionArns=[current["arn"]])["serviceRevisions"]
        return self.name(found["resolvedConfiguration"]["loadBalancers"][0]["targetGroupArn"])

    def later(self, minutes: float) -> None:
        self.emulator.later(minutes * 60)

    def faults(self, *faults: dict[str, str], **more: Any) -> Any:
        return self.emulator.control("deployments", {"faults": list(faults), **more})

    def name(self, group: str) -> str:
        return {self.stack.blue: "blue", self.stack.green: "green"}[group]

    def weights(self, rule: str) -> list[tuple[str, int]]:
        """The target groups of a rule, that with the most traffic first."""
        action = self.elb.describe_rules(RuleArns=[rule])["Rules"][0]["Actions"][0]
        groups = action["ForwardConfig"]["TargetGroups"]
        weights = [(self.name(item["TargetGroupArn"]), item["Weight"]) for item in groups]
        return sorted(weights, key=lambda item: -item[1])

    def health(self) -> dict[str, list[str]]:
        found = {}
        for group in (self.stack.blue, self.stack.green):
            described = self.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
            found[self.name(group)] = [item["TargetHealth"]["State"] for item in described]
        return found
