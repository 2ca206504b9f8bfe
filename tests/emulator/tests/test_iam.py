"""IAM: malformed documents, delete conflicts, attachments."""

from __future__ import annotations

import json

import pytest
from stacks import trust


def document(**more):
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **more}
    statement = {key: value for key, value in statement.items() if value is not None}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def iam(client):
    iam = client("iam")
    iam.create_role(RoleName="role", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"), Description="d")
    return iam


@pytest.fixture
def policy(iam):
    made = iam.create_policy(PolicyName="policy", PolicyDocument=document(), Tags=[{"Key": "stack", "Value": "s"}])
    return made["Policy"]["Arn"]


@pytest.mark.parametrize(
    "wrong",
    [
        "{",
        "[]",
        "{}",
        document(),
        json.dumps({"Version": "1", "Statement": json.loads(trust("a"))["Statement"]}),
        document(Principal={"AWS": "arn:aws:iam::123456789012:role/nobody"}, Resource=None, Action="sts:AssumeRole"),
    ],
)
def test_malformed_trust(iam, refused, wrong):
    create = {"RoleName": "other", "AssumeRolePolicyDocument": wrong}
    assert refused("MalformedPolicyDocument", iam.create_role, **create) == 400
    update = {"RoleName": "role", "PolicyDocument": wrong}
    refused("MalformedPolicyDocument", iam.update_assume_role_policy, **update)


@pytest.mark.parametrize(
    "wrong", ["{", document(Principal="*"), document(Resource=None), document(Effect="allow"), document(Action="x")]
)
def test_malformed_policies(iam, refused, wrong):
    refused("MalformedPolicyDocument", iam.create_policy, PolicyName="p", PolicyDocument=wrong)
    inline = {"RoleName": "role", "PolicyName": "p", "PolicyDocument": wrong}
    refused("MalformedPolicyDocument", iam.put_role_policy, **inline)


def test_delete_conflicts(iam, policy, refused):
    attachment = {"RoleName": "role", "PolicyArn": policy}
    iam.attach_role_policy(**attachment)
    iam.attach_role_policy(**attachment)
    assert refused("DeleteConflict", iam.delete_policy, PolicyArn=policy) == 409
    refused("DeleteConflict", iam.delete_role, RoleName="role")
    iam.detach_role_policy(**attachment)
    refused("NoSuchEntity", iam.detach_role_policy, **attachment)
    iam.put_role_policy(RoleName="role", PolicyName="inline", PolicyDocument=document())
    refused("DeleteConflict", iam.delete_role, RoleName="role")
    iam.delete_role_policy(RoleName="role", PolicyName="inline")
    iam.delete_role(RoleName="role")
    version = iam.create_policy_version(PolicyArn=policy, PolicyDocument=document(), SetAsDefault=True)
    assert version["PolicyVersion"]["VersionId"] == "v2"
    refused("DeleteConflict", iam.delete_policy, PolicyArn=policy)
    iam.delete_policy_version(PolicyArn=policy, VersionId="v1")
    iam.delete_policy(PolicyArn=policy)
    refused("NoSuchEntity", iam.delete_policy, PolicyArn=policy)


def test_names_and_quotas(iam, policy, refused):
    assert policy
    same = {"PolicyName": "policy", "Path": "/other/", "PolicyDocument": document()}
    refused("EntityAlreadyExists", iam.create_policy, **same)
    nobody = "arn:aws:iam::123456789012:policy/nobody"
    refused("NoSuchEntity", iam.attach_role_policy, RoleName="role", PolicyArn=nobody)
    for number in range(10):
        made = iam.create_policy(PolicyName=f"p{number}", PolicyDocument=document())["Policy"]["Arn"]
        iam.attach_role_policy(RoleName="role", PolicyArn=made)
    refused("LimitExceeded", iam.attach_role_policy, RoleName="role", PolicyArn=policy)
    managed = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    refused("AccessDenied", iam.delete_policy, PolicyArn=managed)


def test_role_changes(iam, policy, refused):
    iam.update_role(RoleName="role", Description="changed", MaxSessionDuration=7200)
    iam.put_role_permissions_boundary(RoleName="role", PermissionsBoundary=policy)
    iam.tag_role(RoleName="role", Tags=[{"Key": "a", "Value": "b"}])
    iam.update_assume_role_policy(RoleName="role", PolicyDocument=trust("ecs.amazonaws.com"))
    role = iam.get_role(RoleName="role")["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("changed", 7200)
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == policy
    assert role["AssumeRolePolicyDocument"] == json.loads(trust("ecs.amazonaws.com"))
    assert iam.list_role_tags(RoleName="role")["Tags"] == [{"Key": "a", "Value": "b"}]
    iam.tag_policy(PolicyArn=policy, Tags=[{"Key": "a", "Value": "b"}])
    iam.untag_policy(PolicyArn=policy, TagKeys=["stack"])
    assert iam.list_policy_tags(PolicyArn=policy)["Tags"] == [{"Key": "a", "Value": "b"}]
    iam.delete_role_permissions_boundary(RoleName="role")
    nobody = "arn:aws:iam::123456789012:policy/nobody"
    boundary = {"RoleName": "role", "PermissionsBoundary": nobody}
    refused("NoSuchEntity", iam.put_role_permissions_boundary, **boundary)
    create = {"RoleName": "r", "AssumeRolePolicyDocument": trust("ec2.amazonaws.com"), "PermissionsBoundary": nobody}
    refused("NoSuchEntity", iam.create_role, **create)


def test_sts(client, iam):
    identity = client("sts").get_caller_identity()
    assert identity["Account"] == "123456789012"
    arn = iam.get_role(RoleName="role")["Role"]["Arn"]
    assumed = client("sts").assume_role(RoleArn=arn, RoleSessionName="session")
    assert assumed["AssumedRoleUser"]["Arn"].endswith("assumed-role/role/session")
