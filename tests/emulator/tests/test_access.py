"""Enforced policies: what a request needs, by action and resource, in AWS's words."""

from __future__ import annotations

import json

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError


@pytest.fixture
def user(emulator):
    """Makes a user with statements, under enforcement; gives clients with its key."""

    def make(*statements):
        iam = emulator.client("iam")
        iam.create_user(UserName="deployer")
        if statements:
            document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
            iam.put_user_policy(UserName="deployer", PolicyName="p", PolicyDocument=document)
        key = iam.create_access_key(UserName="deployer")["AccessKey"]
        session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name="eu-central-1")
        emulator.control("access", {"enforce": True})
        config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
        return lambda service: session.client(service, endpoint_url=emulator.endpoint, config=config)

    return make


def allow(actions, resources="*", **condition):
    statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
    return {**statement, **({"Condition": condition} if condition else {})}


def denied(method, **parameters):
    with pytest.raises(ClientError) as caught:
        method(**parameters)
    return caught.value.response["Error"]


def test_off_unless_switched_on(emulator, user):
    client = user()
    emulator.control("access", {"enforce": False})
    client("ec2").describe_vpcs()
    assert emulator.control("access") == {"enforce": False, "allowed": {}, "denied": []}


def test_the_account_itself_may_do_everything(emulator, user):
    user()
    emulator.client("ec2").describe_vpcs()
    assert emulator.control("access")["allowed"] == {}


def test_somebody_unknown_is_refused(emulator, refused):
    emulator.control("access", {"enforce": True})
    session = boto3.Session("AKIAUNKNOWN", "x", region_name="eu-central-1")
    refused("InvalidClientTokenId", session.client("ecs", endpoint_url=emulator.endpoint).list_clusters)


def test_the_words_of_a_denial(user):
    client = user()
    error = denied(client("ecs").create_cluster, clusterName="c")
    arn = "arn:aws:ecs:eu-central-1:123456789012:cluster/c"
    assert error["Code"] == "AccessDeniedException"
    assert error["Message"] == (
        "User: arn:aws:iam::123456789012:user/deployer is not authorized to perform: ecs:CreateCluster "
        f"on resource: {arn} because no identity-based policy allows the ecs:CreateCluster action"
    )
    assert denied(client("s3").list_buckets)["Code"] == "AccessDenied"
    assert denied(client("iam").get_role, RoleName="r")["Code"] == "AccessDenied"
    assert client("sts").get_caller_identity()["Arn"].endswith(":user/deployer")


def test_an_explicit_deny_wins(user):
    deny = {"Effect": "Deny", "Action": "ec2:Describe*", "Resource": "*"}
    error = denied(user(allow("*"), deny)("ec2").describe_vpcs)
    assert error["Code"] == "UnauthorizedOperation"
    assert "with an explicit deny in an identity-based policy" in error["Message"]


def test_the_encoded_message_is_decoded_for_whoever_may(user):
    client = user(allow("sts:DecodeAuthorizationMessage"))
    encoded = denied(client("ec2").create_vpc, CidrBlock="10.0.0.0/16")["Message"].rpartition(" ")[2]
    decoded = json.loads(client("sts").decode_authorization_message(EncodedMessage=encoded)["DecodedMessage"])
    assert (decoded["context"]["action"], decoded["explicitDeny"]) == ("ec2:CreateVpc", False)
    assert denied(client("sts").decode_authorization_message, EncodedMessage="x")["Code"].startswith("Invalid")


def test_resources_and_conditions(user):
    vpcs = "arn:aws:ec2:*:*:vpc/*"
    mine = {"StringEquals": {"aws:ResourceTag/stack": "mine"}}
    client = user(
        allow("ec2:CreateVpc", vpcs),
        allow("ec2:CreateTags", vpcs, StringEquals={"ec2:CreateAction": "CreateVpc"}),
        allow("ec2:DeleteVpc", vpcs, **mine),
    )("ec2")

    def make(stack):
        tags = [{"ResourceType": "vpc", "Tags": [{"Key": "stack", "Value": stack}]}]
        return client.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"]

    own, other = make("mine"), make("theirs")
    assert denied(client.delete_vpc, VpcId=other)["Code"] == "UnauthorizedOperation"
    client.delete_vpc(VpcId=own)
    tags = [{"Key": "stack", "Value": "mine"}]
    assert "ec2:CreateTags" in denied(client.create_tags, Resources=[other], Tags=tags)["Message"]


def test_a_role_is_passed_to_one_service(emulator, user):
    trust = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    make = emulator.client("iam").create_role
    arns = [make(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"] for name in ("a", "b")]
    passed = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    client = user(allow("ecs:*"), allow("iam:PassRole", arns[0], **passed))("ecs")
    task = {"family": "f", "containerDefinitions": [{"name": "c", "image": "i", "memory": 9}]}
    client.register_task_definition(**task, executionRoleArn=arns[0])
    assert arns[1] in denied(client.register_task_definition, **task, executionRoleArn=arns[1])["Message"]


def test_service_linked_roles_are_made_once(user):
    role = "arn:aws:iam::123456789012:role/aws-service-role/ecs.amazonaws.com/*"
    client = user(allow("ecs:CreateCluster"))("ecs")
    assert "iam:CreateServiceLinkedRole" in denied(client.create_cluster, clusterName="a")["Message"]
    assert role[:-1] in denied(client.create_cluster, clusterName="a")["Message"]


def test_actions_of_s3(emulator, user):
    emulator.client("s3").create_bucket(
        Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    arn = "arn:aws:s3:::bucket"
    client = user(allow(["s3:GetObject", "s3:PutObject"], f"{arn}/*"), allow("s3:GetEncryptionConfiguration", arn))("s3")
    client.get_bucket_encryption(Bucket="bucket")
    client.put_object(Bucket="bucket", Key="a", Body=b"")
    client.get_object(Bucket="bucket", Key="a")
    assert "s3:ListBucket" in denied(client.get_object, Bucket="bucket", Key="b")["Message"]
    assert "s3:PutObjectTagging" in denied(client.put_object, Bucket="bucket", Key="a", Tagging="a=b")["Message"]
    assert "s3:DeleteObject " in denied(client.delete_object, Bucket="bucket", Key="a")["Message"]


def test_what_nobody_knows_of_is_refused(user, refused):
    refused("NotImplementedByEmulator", user(allow("*"))("ec2").create_key_pair, KeyName="k")


def test_what_was_asked_is_counted(emulator, user):
    client = user(allow("ec2:Describe*"))
    client("ec2").describe_vpcs()
    denied(client("ecs").list_clusters)
    state = emulator.control("access")
    assert state["allowed"] == {"ec2:DescribeVpcs": 1}
    assert [entry["action"] for entry in state["denied"]] == ["ecs:ListClusters"]


def test_deployments_are_allowed_on_their_group(world, user):
    world.group()
    identity = world.deploy()
    group = "arn:aws:codedeploy:eu-central-1:123456789012:deploymentgroup:app/group"
    on_group = allow(["codedeploy:GetDeployment", "codedeploy:StopDeployment"], group)
    client = user(on_group, allow("codedeploy:ContinueDeployment"))("codedeploy")
    assert client.get_deployment(deploymentId=identity)["deploymentInfo"]["status"] == "Ready"
    # What goes on and what stops cannot be limited to a group.
    assert denied(client.stop_deployment, deploymentId=identity)["Code"] == "AccessDeniedException"
    client.continue_deployment(deploymentId=identity)
