//! Registered revisions of task definitions, with their containers as ECS has them, whatever the SDK knows of them.

use super::support::from_aws;
use crate::clients::Clients;
use crate::errors::Named;
use aws_sdk_ecs::types as ecs;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use serde_json::Value as JsonValue;
use std::sync::{Arc, OnceLock};
use wharf_provider::{Absent, Result, Tags};

/// A registered revision.
pub(super) struct Described {
    pub(super) definition: ecs::TaskDefinition,
    pub(super) containers: JsonValue,
    pub(super) tags: Tags,
}

/// The active revision of an ARN, or the newest of a family.
pub(super) async fn describe(cloud: &Clients, name: &str) -> Result<Option<Described>> {
    let answer = Answer::default();
    let request = cloud
        .ecs()
        .describe_task_definition()
        .task_definition(name)
        .include(ecs::TaskDefinitionField::Tags)
        .customize()
        .interceptor(answer.clone());
    let described = match request.send().await.named("ecs:DescribeTaskDefinition") {
        Err(error) if error.is_code("ClientException") && error.message.contains("Unable to describe") => {
            return Ok(None);
        }
        other => other.or_absent()?,
    };
    let Some(described) = described else { return Ok(None) };
    let active = |definition: &ecs::TaskDefinition| {
        definition.status.as_ref().is_none_or(|status| *status == ecs::TaskDefinitionStatus::Active)
    };
    Ok(described.task_definition.filter(active).map(|definition| Described {
        definition,
        containers: answer.containers(),
        tags: from_aws(described.tags),
    }))
}

/// Takes container definitions out of an answer as they stand there, instead of as far as the SDK knows them.
#[derive(Debug, Clone, Default)]
struct Answer(Arc<OnceLock<JsonValue>>);

impl Answer {
    fn containers(&self) -> JsonValue {
        self.0.get().cloned().unwrap_or_default()
    }
}

impl Intercept for Answer {
    fn name(&self) -> &'static str {
        "wharf-container-definitions"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        if let (true, Some(body)) = (response.status().is_success(), response.body().bytes()) {
            let answer: JsonValue = serde_json::from_slice(body)?;
            self.0.get_or_init(|| answer["taskDefinition"]["containerDefinitions"].clone());
        }
        Ok(())
    }
}

/// Puts container definitions into a request as they are, instead of as far as the SDK knows them.
pub(super) fn put_containers(request: &mut HttpRequest, containers: &JsonValue) {
    let body = request.body().bytes().and_then(|body| serde_json::from_slice(body).ok());
    let mut body: JsonValue = body.unwrap_or_default();
    body["containerDefinitions"] = containers.clone();
    let body = body.to_string();
    request.headers_mut().insert("content-length", body.len().to_string());
    *request.body_mut() = SdkBody::from(body);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn container_definitions_go_out_as_they_are() {
        let mut request = HttpRequest::new(SdkBody::from(r#"{"family":"web"}"#));
        put_containers(&mut request, &json!([{"name": "web", "newInEcs": 1}]));
        let body = request.body().bytes().unwrap_or_default();
        assert_eq!(body, br#"{"family":"web","containerDefinitions":[{"name":"web","newInEcs":1}]}"#);
        assert_eq!(request.headers().get("content-length"), Some("69"));
    }
}
