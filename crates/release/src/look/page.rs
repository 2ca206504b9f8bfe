//! How a page is asked for behind a listener: what the conditions of its rule want of a request.
//!
//! Sources: `elasticloadbalancing:DescribeRules`, `DescribeLoadBalancers`;
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RuleCondition.html>.

use crate::report::Listener;
use aws_sdk_elasticloadbalancingv2::types as sdk;
use wharf_aws::{Clients, Named};
use wharf_provider::{Absent, Result};

/// A request for a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Where it is, by the load balancer's own name.
    pub url: String,
    /// Where it is by the site's name, if it has one: that may lead elsewhere, or not be known yet.
    pub site: Option<String>,
    /// What its headers have to say, beside what those of every request say.
    pub headers: Vec<(String, String)>,
}

/// What a rule wants of a request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Wanted {
    /// The site's name.
    host: Option<String>,
    /// Whether that is a name, and not one of many that a `*` stands for.
    is_name: bool,
    /// Without the slash that it begins with.
    path: String,
    query: Vec<String>,
    headers: Vec<(String, String)>,
}

/// The request that gets to the target groups behind a listener or a rule; none if a plain request for a page does not, or if
/// that cannot be told.
///
/// # Errors
///
/// Those of `elasticloadbalancing:DescribeRules` and `DescribeLoadBalancers`.
pub async fn page(clients: &Clients, listener: &Listener) -> Result<Option<Page>> {
    let Some((scheme, _)) = listener.url.split_once("://").filter(|(scheme, _)| scheme.starts_with("http"))
    else {
        return Ok(None);
    };
    let Some(balancer) = balancer_of(&listener.arn) else {
        return Ok(Some(Page { url: listener.url.clone(), site: None, headers: Vec::new() }));
    };
    let elb = clients.elasticloadbalancing();
    let (rules, balancers) = futures::try_join!(
        async {
            let request = elb.describe_rules().rule_arns(&listener.arn);
            request.send().await.named("elasticloadbalancing:DescribeRules").or_absent()
        },
        async {
            let request = elb.describe_load_balancers().load_balancer_arns(balancer);
            request.send().await.named("elasticloadbalancing:DescribeLoadBalancers").or_absent()
        },
    )?;
    let rule = rules.and_then(|answer| answer.rules?.into_iter().next());
    let wanted = rule.and_then(|rule| wanted(rule.conditions()));
    let host = balancers.and_then(|answer| answer.load_balancers?.into_iter().next()?.dns_name);
    Ok(wanted.zip(host).map(|(wanted, host)| {
        let mut headers = wanted.headers.clone();
        headers.extend(wanted.host.clone().map(|host| ("host".to_owned(), host)));
        let site = wanted.host.is_some() && wanted.is_name;
        let site = site.then(|| wanted.shown(scheme, &host, listener.port));
        Page { url: wanted.url(scheme, &host, listener.port), site, headers }
    }))
}

/// The load balancer of a rule, by the ARNs of both; none of what is no rule.
fn balancer_of(rule: &str) -> Option<String> {
    let (prefix, rest) = rule.split_once(":listener-rule/")?;
    let (rest, _) = rest.rsplit_once('/')?;
    let (balancer, _) = rest.rsplit_once('/')?;
    Some(format!("{prefix}:loadbalancer/{balancer}"))
}

impl Wanted {
    /// Where people find it: under the site's name, if the rule says which one that is.
    pub(super) fn shown(&self, scheme: &str, host: &str, port: i32) -> String {
        let name = self.host.as_deref().filter(|_| self.is_name);
        self.url(scheme, name.unwrap_or(host), port)
    }

    fn url(&self, scheme: &str, host: &str, port: i32) -> String {
        let start = match (scheme, port) {
            ("https", 443) | ("http", 80) => format!("{scheme}://{host}"),
            _ => format!("{scheme}://{host}:{port}"),
        };
        let query = if self.query.is_empty() { String::new() } else { format!("?{}", self.query.join("&")) };
        format!("{start}/{}{query}", self.path)
    }
}

/// What the conditions of a rule want, all of them together; none if a plain request for a page does not fulfil them.
pub(super) fn wanted(conditions: &[sdk::RuleCondition]) -> Option<Wanted> {
    let mut wanted = Wanted::default();
    for condition in conditions {
        match condition.field()? {
            "host-header" => {
                let config = condition.host_header_config().map(sdk::HostHeaderConditionConfig::values);
                let pattern = simplest(config, condition.values())?;
                wanted.is_name = !pattern.contains(['*', '?']);
                wanted.host = Some(filled(pattern, "www"));
            }
            "path-pattern" => {
                let config = condition.path_pattern_config().map(sdk::PathPatternConditionConfig::values);
                let path = filled(simplest(config, condition.values())?, "");
                wanted.path = encoded(path.trim_start_matches('/'), "/");
            }
            "query-string" => {
                let pairs = condition.query_string_config()?.values();
                let pair = pairs.first()?;
                let key = encoded(pair.key().unwrap_or("q"), "");
                wanted.query.push(format!("{key}={}", encoded(&filled(pair.value()?, ""), "")));
            }
            "http-header" => {
                let config = condition.http_header_config()?;
                let name = config.http_header_name()?.to_lowercase();
                wanted.headers.push((name, filled(simplest(Some(config.values()), &[])?, "")));
            }
            "http-request-method" => {
                let methods = condition.http_request_method_config()?.values();
                methods.iter().find(|method| *method == "GET")?;
            }
            // From where a request comes is not its to say.
            "source-ip" => {}
            _ => return None,
        }
    }
    Some(wanted)
}

/// The value of a condition that says most exactly what is wanted, in either of the forms that AWS has for values.
fn simplest<'a>(config: Option<&'a [String]>, values: &'a [String]) -> Option<&'a str> {
    let all = config.filter(|values| !values.is_empty()).unwrap_or(values);
    let is_pattern = |value: &&String| value.contains(['*', '?']);
    all.iter().find(|value| !is_pattern(value)).or(all.first()).map(String::as_str)
}

/// A text that fits a pattern.
fn filled(pattern: &str, many: &str) -> String {
    pattern.replace('*', many).replace('?', "x")
}

/// A text as a part of a URL, in which these signs may stand as they are.
fn encoded(text: &str, kept: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~$@:+".contains(&byte);
    text.bytes().fold(String::new(), |mut done, byte| {
        if plain(byte) || kept.as_bytes().contains(&byte) {
            done.push(char::from(byte));
        } else {
            done.push_str(&format!("%{byte:02X}"));
        }
        done
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(field: &str, values: &[&str]) -> sdk::RuleCondition {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        sdk::RuleCondition::builder().field(field).set_values(Some(values)).build()
    }

    /// Where people find what these conditions want, and the name that the request has to be for.
    fn told(conditions: &[sdk::RuleCondition]) -> Option<(String, Option<String>)> {
        let wanted = wanted(conditions)?;
        Some((wanted.shown("http", "a.elb", 8080), wanted.host))
    }

    #[test]
    fn a_request_is_what_the_conditions_want() {
        let path = |values: &[&str]| condition("path-pattern", values);
        let host = |values: &[&str]| condition("host-header", values);
        for (conditions, url, name) in [
            (vec![], "http://a.elb:8080/", None),
            (vec![path(&["/shop"])], "http://a.elb:8080/shop", None),
            (vec![path(&["/shop/*"])], "http://a.elb:8080/shop/", None),
            (vec![path(&["/shop/*", "/shop"])], "http://a.elb:8080/shop", None),
            (vec![path(&["*.php"])], "http://a.elb:8080/.php", None),
            (vec![path(&["/v?/a b\"*"])], "http://a.elb:8080/vx/a%20b%22", None),
            (vec![host(&["shop.example.com"])], "http://shop.example.com:8080/", Some("shop.example.com")),
            (vec![host(&["*.example.com"])], "http://a.elb:8080/", Some("www.example.com")),
            (
                vec![host(&["*.example.com", "example.com"]), path(&["/a/*"])],
                "http://example.com:8080/a/",
                Some("example.com"),
            ),
        ] {
            let expected = (url.to_owned(), name.map(str::to_owned));
            assert_eq!(told(&conditions), Some(expected), "{conditions:?}");
        }
    }

    #[test]
    fn headers_and_queries_are_sent_as_well() {
        let header =
            sdk::HttpHeaderConditionConfig::builder().http_header_name("X-Test").values("on*").build();
        let header = sdk::RuleCondition::builder().field("http-header").http_header_config(header).build();
        let pair = sdk::QueryStringKeyValuePair::builder().key("test").value("a&b").build();
        let query = sdk::QueryStringConditionConfig::builder().values(pair).build();
        let query = sdk::RuleCondition::builder().field("query-string").query_string_config(query).build();
        let wanted = wanted(&[header, query]).unwrap();
        assert_eq!(wanted.url("https", "a.elb", 443), "https://a.elb/?test=a%26b");
        assert_eq!(wanted.headers, [("x-test".to_owned(), "on".to_owned())]);
    }

    #[test]
    fn what_takes_no_plain_request_has_no_page() {
        let method = |name: &str| {
            let config = sdk::HttpRequestMethodConditionConfig::builder().values(name).build();
            let condition = sdk::RuleCondition::builder().field("http-request-method");
            condition.http_request_method_config(config).build()
        };
        assert_eq!(wanted(&[method("POST")]), None);
        assert_eq!(wanted(&[method("GET")]), Some(Wanted::default()));
        // One that only has regular expressions.
        assert_eq!(wanted(&[condition("path-pattern", &[])]), None);
    }

    #[test]
    fn a_rule_is_behind_its_load_balancer() {
        let prefix = "arn:aws:elasticloadbalancing:eu:1";
        let balancer = format!("{prefix}:loadbalancer/app/web/0a");
        assert_eq!(balancer_of(&format!("{prefix}:listener-rule/app/web/0a/0b/0c")), Some(balancer));
        assert_eq!(balancer_of(&format!("{prefix}:listener/app/web/0a/0b")), None);
    }
}
