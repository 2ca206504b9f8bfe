//! How a page is asked for behind a listener: what the conditions of its rule want of a request. No I/O.
//!
//! Source: <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RuleCondition.html>.

use aws_sdk_elasticloadbalancingv2::types as sdk;

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
pub(crate) struct Wanted {
    /// The site's name.
    host: Option<String>,
    /// Whether that is a name, and not one of many that a `*` stands for.
    is_name: bool,
    /// Without the slash that it begins with.
    path: String,
    query: Vec<String>,
    headers: Vec<(String, String)>,
}

impl Wanted {
    /// The request that does what is wanted; none of what speaks no HTTP.
    pub(crate) fn page(&self, scheme: &str, host: &str, port: i32) -> Option<Page> {
        let mut headers = self.headers.clone();
        headers.extend(self.host.clone().map(|host| ("host".to_owned(), host)));
        let site = (self.host.is_some() && self.is_name).then(|| self.shown(scheme, host, port));
        scheme.starts_with("http").then(|| Page { url: self.url(scheme, host, port), site, headers })
    }

    /// Where people find it: under the site's name, if the rule says which one that is.
    pub(crate) fn shown(&self, scheme: &str, host: &str, port: i32) -> String {
        let name = self.host.as_deref().filter(|_| self.is_name);
        self.url(scheme, name.unwrap_or(host), port)
    }

    fn url(&self, scheme: &str, host: &str, port: i32) -> String {
        let start = match (scheme, port) {
            ("https", 443) | ("http", 80) => format!("{scheme}://{host}"),
            _ => format!("{scheme}://{host}:{port}"),
        };
        // What speaks no HTTP has no paths.
        if !scheme.starts_with("http") {
            return start;
        }
        let query = if self.query.is_empty() { String::new() } else { format!("?{}", self.query.join("&")) };
        format!("{start}/{}{query}", self.path)
    }
}

/// What the conditions of a rule want, all of them together; none if a plain request for a page does not fulfil them.
pub(crate) fn wanted(conditions: &[sdk::RuleCondition]) -> Option<Wanted> {
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
        let page = wanted.page("https", "a.elb", 443).unwrap();
        assert_eq!(page.headers, [("x-test".to_owned(), "on".to_owned())]);
        assert_eq!((page.url.as_str(), page.site), ("https://a.elb/?test=a%26b", None));
        assert_eq!(wanted.page("tcp", "a.elb", 443), None);
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
}
