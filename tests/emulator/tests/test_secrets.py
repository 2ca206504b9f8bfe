"""Secrets of containers, looked for but not read, and whose the account's own key is."""

from __future__ import annotations

from test_access import allow, denied, user  # noqa: F401 (a fixture)


def test_the_own_key_is_the_root_users(emulator, user):  # noqa: F811 (the fixture)
    root = emulator.client("sts").get_caller_identity()
    assert (root["Arn"], root["UserId"]) == ("arn:aws:iam::123456789012:root", "123456789012")
    assert user()("sts").get_caller_identity()["Arn"] == "arn:aws:iam::123456789012:user/deployer"


def test_secrets_are_described(emulator, user, refused):  # noqa: F811 (the fixture)
    secrets, parameters = emulator.client("secretsmanager"), emulator.client("ssm")
    full = secrets.create_secret(Name="full", SecretString="x")["ARN"]
    empty = secrets.create_secret(Name="empty")["ARN"]
    assert list(secrets.describe_secret(SecretId=full)["VersionIdsToStages"].values()) == [["AWSCURRENT"]]
    assert "VersionIdsToStages" not in secrets.describe_secret(SecretId=empty)
    refused("ResourceNotFoundException", secrets.describe_secret, SecretId=f"{full}x")
    parameters.put_parameter(Name="/shop/token", Value="x", Type="SecureString")
    named = [{"Key": "Name", "Option": "Equals", "Values": ["/shop/token", "/shop/gone"]}]
    client = user(allow("secretsmanager:DescribeSecret", full), allow("ssm:DescribeParameters"))
    found = client("ssm").describe_parameters(ParameterFilters=named)["Parameters"]
    assert [(item["Name"], item["KeyId"]) for item in found] == [("/shop/token", "alias/aws/ssm")]
    client("secretsmanager").describe_secret(SecretId=full)
    assert denied(client("secretsmanager").describe_secret, SecretId=empty)["Code"] == "AccessDeniedException"
