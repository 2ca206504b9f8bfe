//! Where containers get their secrets: names and ARNs only, never a value.

use crate::arn;

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// A secret of Secrets Manager.
    Secret {
        /// Its ARN, without what is taken of it.
        arn: String,
        /// The version that is taken.
        stage: Option<String>,
    },
    /// A parameter of Systems Manager.
    Parameter {
        /// The region.
        region: Option<String>,
        /// The names it may have: an ARN does not tell whether one begins with a slash.
        names: Vec<String>,
        /// Its ARN, if that is how it is named.
        arn: Option<String>,
    },
}

/// What a `valueFrom` names.
///
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Secret.html>.
pub(crate) fn parse(value_from: &str) -> Source {
    if value_from.contains(":secretsmanager:") {
        let mut parts = value_from.split(':');
        let arn: Vec<&str> = parts.by_ref().take(7).collect();
        // Behind the ARN: a key of its JSON, a stage, an id of a version.
        let stage = parts.nth(1).filter(|stage| !stage.is_empty()).map(str::to_owned);
        return Source::Secret { arn: arn.join(":"), stage };
    }
    let of_arn = arn::resource(value_from).and_then(|resource| resource.strip_prefix("parameter/"));
    match of_arn {
        Some(name) if name.contains('/') => parameter(value_from, vec![format!("/{name}")]),
        Some(name) => parameter(value_from, vec![name.to_owned(), format!("/{name}")]),
        None => Source::Parameter { region: None, names: vec![value_from.to_owned()], arn: None },
    }
}

fn parameter(arn: &str, names: Vec<String>) -> Source {
    Source::Parameter { region: arn::region(arn).map(str::to_owned), names, arn: Some(arn.to_owned()) }
}

impl Source {
    /// Its ARN.
    pub(crate) fn arn(&self, partition: &str, region: &str, account: &str) -> String {
        match self {
            Source::Secret { arn, .. } | Source::Parameter { arn: Some(arn), .. } => arn.clone(),
            Source::Parameter { names, arn: None, .. } => {
                let name = names.first().map(|name| name.trim_start_matches('/')).unwrap_or_default();
                format!("arn:{partition}:ssm:{region}:{account}:parameter/{name}")
            }
        }
    }

    /// What it is called.
    pub(crate) fn shown(&self) -> &str {
        match self {
            Source::Secret { arn, .. } => arn.split(':').nth(6).unwrap_or(arn),
            Source::Parameter { names, .. } => names.first().map_or("", String::as_str),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_of_a_secret_is_not_its_arn() {
        let arn = "arn:aws:secretsmanager:eu:1:secret:db-AbCdEf".to_owned();
        assert_eq!(parse(&arn), Source::Secret { arn: arn.clone(), stage: None });
        assert_eq!(parse(&format!("{arn}:password::")), Source::Secret { arn: arn.clone(), stage: None });
        let stage = Some("AWSPREVIOUS".to_owned());
        assert_eq!(
            parse(&format!("{arn}:password:AWSPREVIOUS:")),
            Source::Secret { arn: arn.clone(), stage }
        );
        assert_eq!(parse(&arn).shown(), "db-AbCdEf");
    }

    #[test]
    fn parameters_have_the_names_that_they_may_have() {
        let names = |text: &str| match parse(text) {
            Source::Parameter { names, .. } => names,
            Source::Secret { .. } => Vec::new(),
        };
        assert_eq!(names("/shop/token"), ["/shop/token"]);
        assert_eq!(names("arn:aws:ssm:eu:1:parameter/shop/token"), ["/shop/token"]);
        assert_eq!(names("arn:aws:ssm:eu:1:parameter/token"), ["token", "/token"]);
        assert_eq!(parse("/shop/token").arn("aws", "eu", "1"), "arn:aws:ssm:eu:1:parameter/shop/token");
        assert_eq!(parse("token").arn("aws", "eu", "1"), "arn:aws:ssm:eu:1:parameter/token");
    }
}
