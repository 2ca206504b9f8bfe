//! AWS's developer tools: CodeCommit, CodeBuild, CodeDeploy, CodePipeline.

pub(crate) mod codebuild_project;
mod codebuild_project_parts;
mod codebuild_project_rest;
pub(crate) mod codecommit_repository;
pub(crate) mod codedeploy_app;
mod codedeploy_delegation;
pub(crate) mod codedeploy_deployment_group;
mod codedeploy_deployment_group_parts;
mod codedeploy_running;
pub(crate) mod codepipeline;
mod codepipeline_stage;
mod codepipeline_trigger;
mod support;
