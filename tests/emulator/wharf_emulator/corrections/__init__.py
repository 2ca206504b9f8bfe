"""Behaviour of stock moto made as strict as AWS, one module for each service or part of one."""

from . import (  # noqa: F401 (they register themselves)
    codedeploy,
    codepipeline,
    ec2,
    ec2_fields,
    ec2_groups,
    ecr,
    ecs,
    ecs_services,
    elbv2,
    elbv2_actions,
    events,
    iam,
    kms,
    logs,
    s3,
    sts,
)
