"""Load balancing: idempotent creation, duplicates, states, attributes."""

from __future__ import annotations


def test_load_balancer_is_active_at_the_second_description(stack):
    balancer = stack.balancer
    states = [
        stack.elb.describe_load_balancers(LoadBalancerArns=[balancer])["LoadBalancers"][0]["State"]["Code"]
        for _ in range(3)
    ]
    assert states == ["provisioning", "active", "active"]


def test_creation_is_idempotent(stack, refused):
    same = {"Name": "app", "Subnets": stack.subnets, "SecurityGroups": [stack.group]}
    first = stack.balancer
    again = stack.elb.create_load_balancer(**same)["LoadBalancers"][0]
    assert again["LoadBalancerArn"] == first
    refused("DuplicateLoadBalancerName", stack.elb.create_load_balancer, **{**same, "Scheme": "internal"})
    assert len(stack.elb.describe_load_balancers()["LoadBalancers"]) == 1
    assert stack.target_group("blue") == stack.target_group("blue")
    different = {"Name": "blue", "Protocol": "HTTP", "Port": 81, "VpcId": stack.vpc, "TargetType": "ip"}
    refused("DuplicateTargetGroupName", stack.elb.create_target_group, **different)


def test_network_is_checked(stack, refused):
    create, subnets = stack.elb.create_load_balancer, stack.subnets
    refused("InvalidSubnet", create, Name="a", Subnets=subnets)
    assert stack.gateway
    refused("ValidationError", create, Name="a", Subnets=subnets[:1])
    refused("SubnetNotFound", create, Name="a", Subnets=[subnets[0], "subnet-0123456789abcdef0"])
    refused("InvalidSecurityGroup", create, Name="a", Subnets=subnets, SecurityGroups=["sg-0123456789abcdef0"])
    create(Name="inside", Subnets=subnets, Scheme="internal")


def test_deletion_protection(stack, refused):
    balancer = stack.balancer
    for value in ("true", "false"):
        attributes = [{"Key": "deletion_protection.enabled", "Value": value}]
        stack.elb.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=attributes)
        if value == "true":
            refused("OperationNotPermitted", stack.elb.delete_load_balancer, LoadBalancerArn=balancer)
    stack.elb.delete_load_balancer(LoadBalancerArn=balancer)
    refused("LoadBalancerNotFound", stack.elb.describe_load_balancers, LoadBalancerArns=[balancer])


def test_default_attributes(stack):
    def attributes(result):
        return {item["Key"]: item["Value"] for item in result["Attributes"]}

    elb = stack.elb
    shown = attributes(elb.describe_load_balancer_attributes(LoadBalancerArn=stack.balancer))
    assert shown["idle_timeout.timeout_seconds"] == "60"
    assert shown["load_balancing.cross_zone.enabled"] == "true"
    change = [{"Key": "idle_timeout.timeout_seconds", "Value": "90"}]
    elb.modify_load_balancer_attributes(LoadBalancerArn=stack.balancer, Attributes=change)
    shown = attributes(elb.describe_load_balancer_attributes(LoadBalancerArn=stack.balancer))
    assert shown["idle_timeout.timeout_seconds"] == "90"
    for name, value in (("deregistration_delay.timeout_seconds", "30"), ("stickiness.enabled", "true")):
        change = [{"Key": name, "Value": value}]
        elb.modify_target_group_attributes(TargetGroupArn=stack.blue, Attributes=change)
        assert attributes(elb.describe_target_group_attributes(TargetGroupArn=stack.blue))[name] == value


def test_every_default_attribute_can_be_written_back(stack):
    elb = stack.elb
    shown = elb.describe_load_balancer_attributes(LoadBalancerArn=stack.balancer)["Attributes"]
    elb.modify_load_balancer_attributes(LoadBalancerArn=stack.balancer, Attributes=shown)
    shown = elb.describe_target_group_attributes(TargetGroupArn=stack.blue)["Attributes"]
    shown = [item for item in shown if item["Value"]]
    elb.modify_target_group_attributes(TargetGroupArn=stack.blue, Attributes=shown)


def test_listeners(stack, refused):
    elb, forward = stack.elb, [{"Type": "forward", "TargetGroupArn": stack.blue}]
    parameters = {"LoadBalancerArn": stack.balancer, "Protocol": "HTTP", "Port": 80, "DefaultActions": forward}
    listener = stack.listener
    made = elb.create_listener(**parameters)["Listeners"][0]
    assert made["ListenerArn"] == listener
    assert "SslPolicy" not in made
    other = [{"Type": "forward", "TargetGroupArn": stack.green}]
    refused("DuplicateListener", elb.create_listener, **{**parameters, "DefaultActions": other})
    second = elb.create_listener(**{**parameters, "Port": 8080})["Listeners"][0]["ListenerArn"]
    refused("DuplicateListener", elb.modify_listener, ListenerArn=second, Port=80)
    elb.modify_listener(ListenerArn=second, DefaultActions=other)
    refused("ListenerNotFound", elb.describe_listeners, ListenerArns=[listener, listener + "0"])
    nothing = [{"Type": "forward", "TargetGroupArn": stack.blue + "0"}]
    refused("TargetGroupNotFound", elb.create_listener, **{**parameters, "Port": 81, "DefaultActions": nothing})
    attributes = [{"Key": "routing.http.response.server.enabled", "Value": "false"}]
    elb.modify_listener_attributes(ListenerArn=listener, Attributes=attributes)
    shown = elb.describe_listener_attributes(ListenerArn=listener)["Attributes"]
    assert attributes[0] in shown


def test_target_groups_know_their_load_balancers(stack, refused):
    elb = stack.elb
    assert stack.listener

    def balancers(group):
        return elb.describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0]["LoadBalancerArns"]

    assert balancers(stack.blue) == [stack.balancer]
    assert balancers(stack.green) == []
    elb.modify_listener(ListenerArn=stack.listener, DefaultActions=[{"Type": "forward", "TargetGroupArn": stack.green}])
    assert balancers(stack.blue) == []
    assert balancers(stack.green) == [stack.balancer]
    refused("ResourceInUse", elb.delete_target_group, TargetGroupArn=stack.green)
    elb.delete_load_balancer(LoadBalancerArn=stack.balancer)
    assert balancers(stack.green) == []
    elb.delete_target_group(TargetGroupArn=stack.green)
    elb.delete_target_group(TargetGroupArn=stack.green)


def test_rules_and_tags(stack, refused):
    elb = stack.elb
    rule = elb.create_rule(
        ListenerArn=stack.listener,
        Priority=10,
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/api/*"]}}],
        Actions=[{"Type": "forward", "TargetGroupArn": stack.green}],
        Tags=[{"Key": "stack", "Value": "s"}],
    )["Rules"][0]["RuleArn"]
    refused(
        "PriorityInUse",
        elb.create_rule,
        ListenerArn=stack.listener,
        Priority=10,
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/b/*"]}}],
        Actions=[{"Type": "forward", "TargetGroupArn": stack.green}],
    )
    arns = [stack.balancer, stack.blue, stack.listener, rule]
    elb.add_tags(ResourceArns=arns, Tags=[{"Key": "a", "Value": "b"}])
    shown = elb.describe_tags(ResourceArns=arns)["TagDescriptions"]
    assert all({"Key": "a", "Value": "b"} in item["Tags"] for item in shown)
    assert {"Key": "stack", "Value": "s"} in shown[3]["Tags"]
    refused("TargetGroupNotFound", elb.describe_tags, ResourceArns=[stack.blue + "0"])
    refused("ValidationError", elb.describe_tags, ResourceArns=arns * 6)
    elb.delete_rule(RuleArn=rule)
    refused("RuleNotFound", elb.describe_tags, ResourceArns=[rule])


def test_actions_are_answered_in_full(stack):
    elb = stack.elb
    [action] = elb.describe_listeners(ListenerArns=[stack.listener])["Listeners"][0]["DefaultActions"]
    assert action == {
        "Type": "forward",
        "TargetGroupArn": stack.blue,
        "ForwardConfig": {
            "TargetGroups": [{"TargetGroupArn": stack.blue, "Weight": 1}],
            "TargetGroupStickinessConfig": {"Enabled": False},
        },
    }
    elb.modify_listener(ListenerArn=stack.listener, DefaultActions=[action])
    weights = [{"TargetGroupArn": stack.blue, "Weight": 9}, {"TargetGroupArn": stack.green, "Weight": 1}]
    weighted = [{"Type": "forward", "ForwardConfig": {"TargetGroups": weights}}]
    [action] = elb.modify_listener(ListenerArn=stack.listener, DefaultActions=weighted)["Listeners"][0][
        "DefaultActions"
    ]
    assert action["ForwardConfig"]["TargetGroups"] == weights
    assert "TargetGroupArn" not in action
    rule = elb.create_rule(
        ListenerArn=stack.listener,
        Priority=1,
        Conditions=[{"Field": "path-pattern", "Values": ["/a"]}],
        Actions=[{"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301", "Port": "443"}}],
    )["Rules"][0]
    condition = {"Field": "path-pattern", "Values": ["/a"], "PathPatternConfig": {"Values": ["/a"]}}
    assert rule["Conditions"] == [condition]
    redirect = rule["Actions"][0]["RedirectConfig"]
    assert (redirect["Host"], redirect["Port"], redirect["Protocol"]) == ("#{host}", "443", "#{protocol}")
