"""EventBridge: rules and their targets."""

from __future__ import annotations

import json

import pytest

PATTERN = json.dumps({"source": ["aws.codecommit"], "detail": {"referenceName": ["main"]}})


@pytest.fixture
def events(client):
    events = client("events")
    events.put_rule(Name="rule", EventPattern=PATTERN, Tags=[{"Key": "stack", "Value": "s"}], Description="d")
    return events


def target(number=1, **more):
    return {"Id": str(number), "Arn": "arn:aws:sns:eu-central-1:123456789012:topic", **more}


def test_rule(events, refused):
    rule = events.describe_rule(Name="rule")
    assert (rule["EventPattern"], rule["State"], rule["Description"]) == (PATTERN, "ENABLED", "d")
    events.disable_rule(Name="rule")
    assert events.describe_rule(Name="rule")["State"] == "DISABLED"
    events.enable_rule(Name="rule")
    # tags are taken only at creation
    events.put_rule(Name="rule", ScheduleExpression="rate(5 minutes)", Tags=[{"Key": "x", "Value": "y"}])
    arn = rule["Arn"]
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "stack", "Value": "s"}]
    events.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": "b"}])
    events.untag_resource(ResourceARN=arn, TagKeys=["stack"])
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "a", "Value": "b"}]
    refused("ResourceNotFoundException", events.describe_rule, Name="other")


@pytest.mark.parametrize("pattern", ["{", "[]", "{}", '{"source": "aws"}', '{"detail": {"a": 1}}'])
def test_patterns_are_checked(events, refused, pattern):
    refused("InvalidEventPatternException", events.put_rule, Name="other", EventPattern=pattern)


def test_rule_needs_a_pattern_or_schedule(events, refused):
    refused("ValidationException", events.put_rule, Name="other")


def test_targets(events, refused):
    transformer = {"InputPathsMap": {"commit": "$.detail.commitId"}, "InputTemplate": '"<commit>"'}
    first = target(InputTransformer=transformer)
    events.put_targets(Rule="rule", Targets=[first])
    assert events.list_targets_by_rule(Rule="rule")["Targets"] == [first]
    refused("ValidationException", events.delete_rule, Name="rule")
    pipeline = target(2, Arn="arn:aws:codepipeline:eu-central-1:123456789012:app")
    refused("ValidationException", events.put_targets, Rule="rule", Targets=[pipeline])
    both = target(2, Input="{}", InputPath="$")
    refused("ValidationException", events.put_targets, Rule="rule", Targets=[both])
    many = [target(number) for number in range(10, 15)]
    refused("LimitExceededException", events.put_targets, Rule="rule", Targets=many)
    refused("ResourceNotFoundException", events.put_targets, Rule="other", Targets=[target()])
    events.remove_targets(Rule="rule", Ids=["1"])
    events.delete_rule(Name="rule")
    refused("ResourceNotFoundException", events.list_targets_by_rule, Rule="rule")
