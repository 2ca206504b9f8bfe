"""STS made strict: the account's own key is its root user's, not that of a user nobody has made.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
"""

from __future__ import annotations

from typing import Any

from ..call import Call
from ..hooks import after


@after("sts:GetCallerIdentity")
def root(call: Call, result: dict[str, Any]) -> None:
    if result["Arn"].endswith(":user/moto"):
        result.update(UserId=call.account, Arn=f"arn:aws:iam::{call.account}:root")
