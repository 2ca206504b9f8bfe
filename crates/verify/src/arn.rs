//! Parts of Amazon resource names.

/// The account of an ARN: its fifth part.
pub(crate) fn account(arn: &str) -> Option<&str> {
    part(arn, 4)
}

/// The region of an ARN: its fourth part.
pub(crate) fn region(arn: &str) -> Option<&str> {
    part(arn, 3)
}

/// What stands behind the account.
pub(crate) fn resource(arn: &str) -> Option<&str> {
    part(arn, 5)
}

fn part(arn: &str, index: usize) -> Option<&str> {
    arn.strip_prefix("arn:")?;
    arn.splitn(6, ':').nth(index).filter(|part| !part.is_empty())
}

/// What stands behind the last slash: a role's name without its path.
pub(crate) fn name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// The load balancer of a listener, or of a rule of one.
///
/// Source: <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html>.
pub(crate) fn load_balancer(listener: &str) -> Option<String> {
    let (before, path) =
        listener.split_once(":listener/").or_else(|| listener.split_once(":listener-rule/"))?;
    let parts: Vec<&str> = path.split('/').take(3).collect();
    (parts.len() == 3).then(|| format!("{before}:loadbalancer/{}", parts.join("/")))
}

/// Whether something is a listener, or a rule of it.
pub(crate) fn is_of_listener(arn: &str, listener: &str) -> bool {
    arn == listener || arn.starts_with(&format!("{}/", listener.replace(":listener/", ":listener-rule/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found() {
        let role = "arn:aws:iam::123456789012:role/teams/web";
        assert_eq!((account(role), region(role)), (Some("123456789012"), None));
        assert_eq!((resource(role), name(role)), (Some("role/teams/web"), "web"));
        assert_eq!(account("web"), None);
    }

    #[test]
    fn listeners_and_their_rules_name_their_load_balancer() {
        let listener = "arn:aws:elasticloadbalancing:eu:1:listener/app/shop/0a/0b";
        let rule = "arn:aws:elasticloadbalancing:eu:1:listener-rule/app/shop/0a/0b/0c";
        let balancer = Some("arn:aws:elasticloadbalancing:eu:1:loadbalancer/app/shop/0a".to_owned());
        assert_eq!(load_balancer(listener), balancer);
        assert_eq!(load_balancer(rule), balancer);
        assert_eq!(load_balancer("arn:aws:s3:::shop"), None);
        assert!(is_of_listener(rule, listener) && is_of_listener(listener, listener));
        assert!(!is_of_listener(rule, &listener.replace("0b", "0d")));
    }
}
