"""CloudWatch Logs made strict: retention periods, keys, classes, tags that go with their group."""

from __future__ import annotations

from typing import Any

from ..call import Call, Fault
from ..hooks import after, before
from ..missing.logs import check_key

RETENTION = {
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827),
    *(2192, 2557, 2922, 3288, 3653),
}
"""The days for which events can be kept."""


@before("logs:PutRetentionPolicy")
def put_retention_policy(call: Call) -> None:
    days = call.params["retentionInDays"]
    if days not in RETENTION:
        message = f"Value '{days}' at 'retentionInDays' failed to satisfy constraint: one of {sorted(RETENTION)}"
        raise Fault("InvalidParameterException", message)


@before("logs:CreateLogGroup")
def create_log_group(call: Call) -> None:
    check_key(call, call.params.get("kmsKeyId"))


@after("logs:CreateLogGroup")
def new_log_group(call: Call, _: dict[str, Any]) -> None:
    stored = call.backend().groups[call.params["logGroupName"]]
    stored.wharf_class = call.params.get("logGroupClass", "STANDARD")


@before("logs:DeleteLogGroup")
def delete_log_group(call: Call) -> None:
    stored = call.backend().groups.get(call.params["logGroupName"])
    if stored is not None:
        call.backend().tagger.delete_all_tags_for_resource(stored.arn)


@before("logs:ListTagsForResource", "logs:TagResource", "logs:UntagResource")
def tagged_groups_exist(call: Call) -> None:
    arn = call.params["resourceArn"]
    if ":log-group:" in arn and arn.split(":log-group:")[1] not in call.backend().groups:
        raise Fault("ResourceNotFoundException", "The specified resource does not exist.")
