//! What looks like a secret: names and values as people and services give them.

/// What a value looks like, with its article.
const PREFIXES: [(&str, usize, &str); 16] = [
    ("AKIA", 16, "an AWS access key"),
    ("ASIA", 16, "an AWS access key"),
    ("ghp_", 36, "a GitHub token"),
    ("gho_", 36, "a GitHub token"),
    ("ghu_", 36, "a GitHub token"),
    ("ghs_", 36, "a GitHub token"),
    ("ghr_", 36, "a GitHub token"),
    ("github_pat_", 40, "a GitHub token"),
    ("glpat-", 20, "a GitLab token"),
    ("npm_", 36, "an npm token"),
    ("pypi-", 40, "a PyPI token"),
    ("sk_live_", 16, "a Stripe key"),
    ("rk_live_", 16, "a Stripe key"),
    ("xoxb-", 20, "a Slack token"),
    ("xoxp-", 20, "a Slack token"),
    ("AIza", 35, "a Google API key"),
];

/// Words that make a name one of a secret.
const SECRET: [&str; 14] = [
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "secret",
    "secrets",
    "token",
    "credential",
    "credentials",
    "apikey",
    "privatekey",
    "accesskey",
    "authkey",
];

/// Words that do so before `key`.
const KEYS: [&str; 6] = ["api", "private", "auth", "access", "signing", "encryption"];

/// Last words of names that are about a secret and none themselves: `DB_PASSWORD_ARN`, `token_url`.
const ABOUT: [&str; 63] = [
    "algorithm",
    "alias",
    "arn",
    "arns",
    "audience",
    "count",
    "days",
    "description",
    "dir",
    "directory",
    "duration",
    "enabled",
    "endpoint",
    "engine",
    "expiration",
    "expiry",
    "field",
    "file",
    "format",
    "header",
    "host",
    "hours",
    "id",
    "ids",
    "issuer",
    "label",
    "length",
    "lifetime",
    "limit",
    "location",
    "manager",
    "max",
    "min",
    "minutes",
    "mode",
    "name",
    "names",
    "parameter",
    "path",
    "policy",
    "prefix",
    "provider",
    "ref",
    "reference",
    "region",
    "required",
    "role",
    "rotation",
    "scope",
    "seconds",
    "service",
    "size",
    "source",
    "store",
    "suffix",
    "time",
    "timeout",
    "ttl",
    "type",
    "uri",
    "url",
    "usage",
    "version",
];

/// Values that are no secret whatever they are called.
const NOTHING: [&str; 9] = ["", "true", "false", "yes", "no", "none", "null", "enabled", "disabled"];

/// Whether something of this name is a secret, as names go.
pub(super) fn is_secret_name(name: &str) -> bool {
    let words = words(name);
    let Some(last) = words.last() else { return false };
    if ABOUT.contains(&last.as_str()) {
        return false;
    }
    let is_secret = |word: &String| SECRET.contains(&word.as_str());
    let is_key = |pair: &[String]| pair[1] == "key" && KEYS.contains(&pair[0].as_str());
    words.iter().any(is_secret) || words.windows(2).any(is_key)
}

/// Whether a value may be the secret that its name says it is: not a switch, not where the secret is, not a placeholder.
pub(super) fn may_be_secret(value: &str) -> bool {
    let value = value.trim();
    let is_place = ["arn:", "/", "./", "http://", "https://", "file://", "s3://", "alias/"]
        .iter()
        .any(|start| value.starts_with(start));
    let is_placeholder = value.starts_with(['$', '<', '{', '*']);
    !(is_place || is_placeholder || NOTHING.contains(&value.to_lowercase().as_str()))
}

/// What a value looks like, whatever it is called.
pub(super) fn kind_of(value: &str) -> Option<&'static str> {
    if value.contains("-----BEGIN ") && value.contains("PRIVATE KEY-----") {
        return Some("a private key");
    }
    if has_password_in_url(value) {
        return Some("a password in a URL");
    }
    value.split(|c: char| !(c.is_ascii_alphanumeric() || "_-.".contains(c))).find_map(token)
}

fn token(word: &str) -> Option<&'static str> {
    let of_key = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if is_web_token(word) {
        return Some("a JSON Web Token");
    }
    word.split('.').find_map(|part| {
        let (prefix, least, what) = PREFIXES
            .iter()
            .find(|(prefix, least, _)| part.starts_with(prefix) && part.len() >= prefix.len() + least)?;
        let rest = &part[prefix.len()..];
        let aws = what.contains("AWS");
        let fits = if aws {
            rest.len() == *least && rest.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
        } else {
            rest.chars().all(of_key)
        };
        fits.then_some(*what)
    })
}

/// Three parts in base64, the first two of which begin as JSON objects do.
fn is_web_token(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    matches!(parts.as_slice(), [header, claims, signature]
        if header.starts_with("eyJ") && claims.starts_with("eyJ") && header.len() > 10 && signature.len() > 10)
}

fn has_password_in_url(text: &str) -> bool {
    text.match_indices("://").any(|(at, separator)| {
        let rest = &text[at + separator.len()..];
        let end =
            rest.find(|c: char| c == '/' || c == '?' || c == '#' || c.is_whitespace()).unwrap_or(rest.len());
        let Some((login, _)) = rest[..end].rsplit_once('@') else { return false };
        login.split_once(':').is_some_and(|(_, password)| !password.is_empty() && may_be_secret(password))
    })
}

/// The words of a name, in lower case: `dbPassword`, `DB_PASSWORD` and `db-password` are the same two.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    for c in name.chars() {
        let starts = !before.is_alphanumeric() || (before.is_lowercase() && c.is_uppercase());
        if c.is_alphanumeric() {
            if starts {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(c.to_lowercase());
            }
        }
        before = c;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in [
            "DB_PASSWORD",
            "dbPassword",
            "password",
            "API_KEY",
            "apiKey",
            "AWS_SECRET_ACCESS_KEY",
            "GITHUB_TOKEN",
            "oauth-token",
            "client_secret",
            "PGPASSWORD_PWD",
            "OAuthToken",
            "app.credentials",
            "PRIVATE_KEY",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "DB_PASSWORD_ARN",
            "secret_name",
            "token_url",
            "TOKEN_TTL",
            "MAX_TOKENS",
            "kms_key_id",
            "bucket_key",
            "secretsmanager",
            "SECRETS_MANAGER",
            "PASSWORD_MIN_LENGTH",
            "key",
            "Name",
            "compass",
            "tokenizer",
            "",
            "AWS_ACCESS_KEY_ID",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn values_of_secret_names() {
        for value in ["hunter2", "12345", "correct horse"] {
            assert!(may_be_secret(value), "{value}");
        }
        for value in
            ["", "true", "No", "arn:aws:secretsmanager:x", "/run/secrets/db", "${DB}", "$(DB)", "<password>"]
        {
            assert!(!may_be_secret(value), "{value}");
        }
    }

    #[test]
    fn values_of_any_name() {
        let web = format!("eyJ{}.eyJ{}.{}", "h".repeat(20), "c".repeat(20), "s".repeat(20));
        for (value, kind) in [
            ("key = AKIAIOSFODNN7EXAMPLE;", "an AWS access key"),
            ("-----BEGIN RSA PRIVATE KEY-----\nabc", "a private key"),
            (&format!("ghp_{}", "a1".repeat(18)), "a GitHub token"),
            (&format!("Bearer {web}"), "a JSON Web Token"),
            ("postgres://app:hunter2@db.example/shop", "a password in a URL"),
            ("mysql://app:p%40ss@db:3306?x=y", "a password in a URL"),
        ] {
            assert_eq!(kind_of(value), Some(kind), "{value}");
        }
        for value in [
            "postgres://app@db.example/shop",
            "postgres://app:$DB_PASSWORD@db/shop",
            "https://example.com/a:b@c",
            "-----BEGIN CERTIFICATE-----",
            "AKIA",
            "AKIAsomething-in-lower-case",
            "eyJ.eyJ.x",
            "ghp_short",
            "arn:aws:iam::123456789012:role/x",
            "npm_config_registry",
            "redis://:@host",
        ] {
            assert_eq!(kind_of(value), None, "{value}");
        }
    }
}
