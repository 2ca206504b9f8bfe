"""Operations that stock moto lacks, one module for each service (two for CodeCommit)."""

from . import codebuild, codecommit, codecommit_commits, codedeploy, codepipeline, ecs, iam, logs  # noqa: F401
