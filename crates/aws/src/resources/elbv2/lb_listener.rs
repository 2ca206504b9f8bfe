use super::action::{self, Action};
use super::support::{
    BATCH, arns, found, imported, is_given, new_arn, new_tags, tags_of, together_or_alone, update_tags,
};
use crate::clients::Clients;
use crate::errors::Named;
use crate::pages::all;
use aws_sdk_elasticloadbalancingv2::types::{Certificate, Listener, ProtocolEnum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use wharf_core::{Map, Value};
use wharf_provider::{
    Absent, Blocks, Found, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result, Scope, Tags, UpdateOf,
    WantedOf,
};

/// A listener. Terraform: `aws_lb_listener`; AWS: `CreateListener`.
pub(crate) struct LbListener;

/// A port of a load balancer. A blue/green deployment moves the default action of the listeners that it works with.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = [
    "mutual_authentication", "routing_http_request_x_amzn_mtls_clientcert_header_name",
    "routing_http_request_x_amzn_mtls_clientcert_issuer_header_name",
    "routing_http_request_x_amzn_mtls_clientcert_leaf_header_name",
    "routing_http_request_x_amzn_mtls_clientcert_serial_number_header_name",
    "routing_http_request_x_amzn_mtls_clientcert_subject_header_name",
    "routing_http_request_x_amzn_mtls_clientcert_validity_header_name",
    "routing_http_request_x_amzn_tls_cipher_suite_header_name",
    "routing_http_request_x_amzn_tls_version_header_name",
    "routing_http_response_access_control_allow_credentials_header_value",
    "routing_http_response_access_control_allow_headers_header_value",
    "routing_http_response_access_control_allow_methods_header_value",
    "routing_http_response_access_control_allow_origin_header_value",
    "routing_http_response_access_control_expose_headers_header_value",
    "routing_http_response_access_control_max_age_header_value",
    "routing_http_response_content_security_policy_header_value", "routing_http_response_server_enabled",
    "routing_http_response_strict_transport_security_header_value",
    "routing_http_response_x_content_type_options_header_value",
    "routing_http_response_x_frame_options_header_value", "tcp_idle_timeout_seconds", "timeouts",
]))]
pub(crate) struct Properties {
    /// The load balancer.
    #[schemars(extend("forces_replacement" = true))]
    load_balancer_arn: String,
    /// The port.
    port: Option<i32>,
    /// What clients speak; `HTTP` for an application load balancer when this is not set.
    #[schemars(extend("enum" = ["HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP"]))]
    protocol: Option<String>,
    /// Which TLS versions and ciphers are good enough, by the name of a policy of AWS's.
    ssl_policy: Option<String>,
    /// The certificate; needed for `HTTPS` and `TLS`.
    certificate_arn: Option<String>,
    /// What is said about HTTP/2 in the TLS handshake.
    #[schemars(extend("enum" = ["HTTP1Only", "HTTP2Only", "HTTP2Optional", "HTTP2Preferred", "None"]))]
    alpn_policy: Option<String>,
    /// What happens to requests that no rule is about.
    default_action: Blocks<Action>,
    /// Tags of the listener.
    #[serde(default)]
    tags: Tags,
}

/// What AWS sets on a listener.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The ARN.
    id: String,
    /// The ARN.
    arn: String,
}

impl ResourceType for LbListener {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_lb_listener";
    const NAMED_BY: &'static [&'static str] = &["load_balancer_arn", "port"];
    const IMPORT_ID: &'static str = "LISTENER_ARN";
    const BATCH: usize = BATCH;
    const PERMISSIONS: Permissions = Permissions {
        read: &["elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeTags"],
        create: &["elasticloadbalancing:CreateListener", "elasticloadbalancing:AddTags"],
        update: &[
            "elasticloadbalancing:ModifyListener",
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:RemoveTags",
        ],
        delete: &["elasticloadbalancing:DeleteListener"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] =
        &[("arn", "{load_balancer_arn:listener}/*"), ("id", "{arn}")];
    const SCOPES: &'static [Scope] = &[
        Scope::of(&["elasticloadbalancing:CreateListener"], &["{load_balancer_arn:balancer}"]).owned(),
        Scope::of(&["elasticloadbalancing:AddTags"], &["{arn}"])
            .only_if("elasticloadbalancing:CreateAction", "CreateListener"),
        Scope::of(&["elasticloadbalancing:AddTags"], &["{arn}"]).owned(),
        Scope::rest(&["{arn}"]).owned(),
    ];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        together_or_alone(objects, |objects| read(cloud, objects)).await
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let properties = new.properties;
        let request = cloud
            .elasticloadbalancing_once()
            .create_listener()
            .load_balancer_arn(&properties.load_balancer_arn)
            .set_port(properties.port)
            .set_protocol(properties.protocol())
            .set_ssl_policy(properties.ssl_policy.clone())
            .set_certificates(properties.certificates())
            .set_alpn_policy(properties.alpn_policy.clone().map(|policy| vec![policy]))
            .set_default_actions(Some(action::to_aws(&properties.default_action)))
            .set_tags(new_tags(&properties.tags));
        let created = request.send().await.named("elasticloadbalancing:CreateListener")?;
        let arns = created.listeners.into_iter().flatten().map(|listener| listener.listener_arn);
        new_arn(arns, "elasticloadbalancing:CreateListener")
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        let (id, desired) = (update.id, update.desired);
        let changes = |name| update.changes(&[name]);
        if update.changes(&[
            "port",
            "protocol",
            "ssl_policy",
            "certificate_arn",
            "alpn_policy",
            "default_action",
        ]) {
            let secure = matches!(desired.protocol.as_deref(), Some("HTTPS" | "TLS"));
            let policy = desired.ssl_policy.clone().filter(|_| secure && changes("ssl_policy"));
            let certificates = desired.certificates().filter(|_| secure && changes("certificate_arn"));
            let alpn = desired.alpn_policy.clone().filter(|_| changes("alpn_policy"));
            let actions = changes("default_action").then(|| action::to_aws(&desired.default_action));
            let request = cloud
                .elasticloadbalancing()
                .modify_listener()
                .listener_arn(id)
                .set_port(desired.port.filter(|_| changes("port")))
                .set_protocol(desired.protocol().filter(|_| changes("protocol")))
                .set_ssl_policy(policy)
                .set_certificates(certificates)
                .set_alpn_policy(alpn.map(|policy| vec![policy]))
                .set_default_actions(actions);
            request.send().await.named("elasticloadbalancing:ModifyListener")?;
        }
        update_tags(cloud, update, &update.live.tags, &desired.tags).await
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        let request = cloud.elasticloadbalancing().delete_listener().listener_arn(&object.id);
        request.send().await.named("elasticloadbalancing:DeleteListener").or_absent()?;
        Ok(())
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        // A load balancer has one listener for each port.
        let request = cloud.elasticloadbalancing().describe_listeners();
        let request = request.load_balancer_arn(&wanted.properties.load_balancer_arn);
        let listeners = all!(request, "elasticloadbalancing:DescribeListeners").or_absent()?;
        let mut listeners = listeners.into_iter().flatten();
        let there = listeners.find(|listener| listener.port == wanted.properties.port);
        found(cloud, wanted, there.and_then(|listener| listener.listener_arn)).await
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        imported(id, "listener")
    }

    fn canonical(properties: &mut Map) {
        action::canonical(properties, "default_action");
    }

    fn check(properties: &Map) -> Vec<(String, String)> {
        let mut mistakes = action::mistakes(properties, "default_action");
        let protocol = properties.get("protocol").and_then(Value::as_str);
        if matches!(protocol, Some("HTTPS" | "TLS")) && !is_given(properties, "certificate_arn") {
            let message = "needed for `HTTPS` and `TLS`".to_owned();
            mistakes.push(("certificate_arn".to_owned(), message));
        }
        let port = properties.get("port").and_then(Value::as_i64);
        if port.is_some_and(|port| !(1..=65535).contains(&port)) {
            mistakes.push(("port".to_owned(), "takes 1 to 65535".to_owned()));
        } else if !is_given(properties, "port") {
            mistakes.push(("port".to_owned(), "a listener needs a port".to_owned()));
        }
        mistakes
    }
}

impl Properties {
    fn protocol(&self) -> Option<ProtocolEnum> {
        let application = self.load_balancer_arn.contains(":loadbalancer/app/").then_some("HTTP");
        self.protocol.as_deref().or(application).map(ProtocolEnum::from)
    }

    fn certificates(&self) -> Option<Vec<Certificate>> {
        let arn = self.certificate_arn.as_ref()?;
        Some(vec![Certificate::builder().certificate_arn(arn).build()])
    }
}

async fn read(cloud: &Clients, objects: &[ObjectOf<LbListener>]) -> Result<Vec<Option<LiveOf<LbListener>>>> {
    let ids: Vec<&str> = objects.iter().map(|object| object.id.as_str()).collect();
    let listeners = async {
        let request = cloud.elasticloadbalancing().describe_listeners();
        all!(request.set_listener_arns(Some(arns(objects))), "elasticloadbalancing:DescribeListeners")
    };
    let (listeners, mut tags) = futures::try_join!(listeners, tags_of(cloud, &ids))?;
    let mut listeners: HashMap<String, Listener> =
        listeners.into_iter().filter_map(|l| Some((l.listener_arn.clone()?, l))).collect();
    let live = objects.iter().map(|object| {
        let listener = listeners.remove(&object.id)?;
        let certificate = listener.certificates().first().and_then(Certificate::certificate_arn);
        Some(LiveOf {
            properties: Properties {
                certificate_arn: certificate.map(str::to_owned),
                alpn_policy: listener.alpn_policy().first().cloned(),
                default_action: Blocks(action::from_aws(listener.default_actions())),
                load_balancer_arn: listener.load_balancer_arn.unwrap_or_default(),
                port: listener.port,
                protocol: listener.protocol.map(|protocol| protocol.as_str().to_owned()),
                ssl_policy: listener.ssl_policy,
                tags: tags.remove(&object.id).unwrap_or_default(),
            },
            attributes: Attributes { id: object.id.clone(), arn: object.id.clone() },
        })
    });
    Ok(live.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn mistakes() {
        let check = |json| {
            let map = Value::from(json).as_map().cloned().unwrap_or_default();
            LbListener::check(&map).len()
        };
        let action = json!([{"type": "forward", "target_group_arn": "blue"}]);
        assert_eq!(check(json!({"port": 80, "default_action": action})), 0);
        assert_eq!(check(json!({"port": 443, "protocol": "HTTPS", "default_action": action})), 1);
        assert_eq!(check(json!({"port": 0, "default_action": []})), 2);
        assert_eq!(check(json!({"default_action": action})), 1);
    }

    #[test]
    fn an_application_load_balancer_speaks_http() {
        let protocol = |arn: &str| {
            let json = json!({"load_balancer_arn": arn, "default_action": []});
            let properties: Result<Properties, _> = serde_json::from_value(json);
            properties.ok().and_then(|properties| properties.protocol())
        };
        let arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer";
        assert_eq!(protocol(&format!("{arn}/app/web/1")), Some(ProtocolEnum::Http));
        assert_eq!(protocol(&format!("{arn}/net/web/1")), None);
    }
}
