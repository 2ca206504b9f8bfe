"""ECR repositories: settings, lifecycle policies, tags."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def ecr(client):
    ecr = client("ecr")
    ecr.create_repository(
        repositoryName="app",
        imageTagMutability="IMMUTABLE",
        imageScanningConfiguration={"scanOnPush": True},
        encryptionConfiguration={"encryptionType": "AES256"},
        tags=[{"Key": "stack", "Value": "s"}],
    )
    return ecr


def shown(ecr):
    return ecr.describe_repositories(repositoryNames=["app"])["repositories"][0]


def test_repository(ecr, refused):
    assert shown(ecr)["imageTagMutability"] == "IMMUTABLE"
    assert shown(ecr)["imageScanningConfiguration"] == {"scanOnPush": True}
    assert shown(ecr)["encryptionConfiguration"]["encryptionType"] == "AES256"
    ecr.put_image_tag_mutability(repositoryName="app", imageTagMutability="MUTABLE")
    ecr.put_image_scanning_configuration(repositoryName="app", imageScanningConfiguration={"scanOnPush": False})
    assert shown(ecr)["imageTagMutability"] == "MUTABLE"
    assert shown(ecr)["imageScanningConfiguration"] == {"scanOnPush": False}
    ecr.put_image_scanning_configuration(repositoryName="app", imageScanningConfiguration={"scanOnPush": True})
    ecr.put_image_scanning_configuration(repositoryName="app", imageScanningConfiguration={})
    assert shown(ecr)["imageScanningConfiguration"] == {"scanOnPush": False}
    refused("RepositoryAlreadyExistsException", ecr.create_repository, repositoryName="app")
    refused("RepositoryNotFoundException", ecr.describe_repositories, repositoryNames=["other"])
    arn = shown(ecr)["repositoryArn"]
    ecr.tag_resource(resourceArn=arn, tags=[{"Key": "a", "Value": "b"}])
    ecr.untag_resource(resourceArn=arn, tagKeys=["stack"])
    assert ecr.list_tags_for_resource(resourceArn=arn)["tags"] == [{"Key": "a", "Value": "b"}]


def test_lifecycle_policy(ecr, refused):
    rule = {
        "rulePriority": 1,
        "description": "d",
        "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 5},
        "action": {"type": "expire"},
    }
    text = json.dumps({"rules": [rule]})
    refused("LifecyclePolicyNotFoundException", ecr.get_lifecycle_policy, repositoryName="app")
    ecr.put_lifecycle_policy(repositoryName="app", lifecyclePolicyText=text)
    stored = ecr.get_lifecycle_policy(repositoryName="app")["lifecyclePolicyText"]
    assert json.loads(stored) == {"rules": [rule]}
    wrong = text.replace("any", "some")
    refused("InvalidParameterException", ecr.put_lifecycle_policy, repositoryName="app", lifecyclePolicyText=wrong)
    ecr.delete_lifecycle_policy(repositoryName="app")
    refused("LifecyclePolicyNotFoundException", ecr.get_lifecycle_policy, repositoryName="app")


def test_repository_with_images_stays(ecr, refused):
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json"}
    ecr.put_image(repositoryName="app", imageManifest=json.dumps(manifest), imageTag="latest")
    refused("RepositoryNotEmptyException", ecr.delete_repository, repositoryName="app")
    ecr.delete_repository(repositoryName="app", force=True)
    refused("RepositoryNotFoundException", ecr.delete_repository, repositoryName="app")
