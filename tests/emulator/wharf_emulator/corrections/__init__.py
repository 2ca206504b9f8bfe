"""Behaviour of stock moto made as strict as AWS, one module for each service or part of one."""

from . import codedeploy, codepipeline, ec2, ec2_groups, ecs, ecs_services, elbv2, events, iam, kms, logs, s3  # noqa: F401
