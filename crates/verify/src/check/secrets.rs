//! Whether the secrets of containers exist: without, a task does not start.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specifying-sensitive-data.html>.

use crate::facts::{Facts, Kept};
use crate::finding::{Check, Finding, Problem, not_seen};
use crate::secret::{self, Source};
use std::collections::BTreeMap;

pub(super) fn check(facts: &Facts) -> Finding {
    if let Err(unseen) = &facts.definitions {
        return Finding::unseen(Check::Secrets, unseen);
    }
    // Who gets it.
    let mut wanted: BTreeMap<Source, String> = BTreeMap::new();
    for (_, container) in facts.containers() {
        for (name, from) in &container.secrets {
            wanted.entry(secret::parse(from)).or_insert_with(|| format!("{} of {}", name, container.name));
        }
    }
    let mut problems = Vec::new();
    let mut unseen = Vec::new();
    for (source, user) in &wanted {
        let kind = match source {
            Source::Secret { .. } => "secret",
            Source::Parameter { .. } => "parameter",
        };
        let shown = source.shown();
        let failed = |how: &str, hint: String| {
            Problem::failed(format!("the {kind} {shown} {how} ({user}): tasks that need it do not start"))
                .hint(hint)
        };
        match facts.secrets.get(source) {
            Some(Ok(Kept::Gone)) => {
                let hint = format!(
                    "make it, or take it out of the task definition; the stack's region is {}",
                    facts.subject.region
                );
                problems.push(failed("is not there", hint));
            }
            Some(Ok(Kept::Deleting)) => {
                let hint =
                    "until it is deleted, `aws secretsmanager restore-secret` brings it back".to_owned();
                problems.push(failed("is about to be deleted, and cannot be read", hint));
            }
            Some(Ok(Kept::NoValue)) => problems.push(failed("has no value", "give it one".to_owned())),
            Some(Err(denied)) => unseen.push(denied),
            Some(Ok(Kept::There { .. })) | None => {}
        }
    }
    problems.extend(not_seen(unseen));
    let shown = |source: &Source| match facts.secrets.get(source) {
        None => format!("{} (not checked: in another account)", source.shown()),
        Some(_) => source.shown().to_owned(),
    };
    let names: Vec<String> = wanted.keys().map(shown).collect();
    let what = if names.is_empty() { "no container has any".to_owned() } else { names.join(", ") };
    Finding::new(Check::Secrets, what, problems)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Outcome;
    use crate::fixtures::{facts, told};

    fn with(from: &str, kept: Kept) -> Finding {
        let mut facts = facts();
        for container in facts.definitions.iter_mut().flatten().flat_map(|found| &mut found.containers) {
            container.secrets = vec![("TOKEN".into(), from.to_owned())];
        }
        facts.secrets.insert(secret::parse(from), Ok(kept));
        check(&facts)
    }

    #[test]
    fn a_parameter_of_another_account_is_not_looked_for() {
        let mut facts = facts();
        for container in facts.definitions.iter_mut().flatten().flat_map(|found| &mut found.containers) {
            let from = "arn:aws:ssm:eu-central-1:999999999999:parameter/web/token".to_owned();
            container.secrets = vec![("TOKEN".into(), from)];
        }
        let finding = check(&facts);
        assert_eq!(finding.result, Outcome::Ok);
        assert_eq!(finding.what, "/web/token (not checked: in another account)");
    }

    #[test]
    fn every_secret_has_to_be_readable() {
        assert_eq!(check(&facts()).what, "no container has any");
        let fine = with("/web/token", Kept::There { key: None });
        assert_eq!((fine.result, fine.what.as_str()), (Outcome::Ok, "/web/token"));
        assert_eq!(
            told(&with("/web/token", Kept::Gone)),
            ["failed: the parameter /web/token is not there (TOKEN of web): tasks that need it do not start"]
        );
        let secret = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-AbCdEf:password::";
        for (kept, words) in
            [(Kept::Deleting, "is about to be deleted, and cannot be read"), (Kept::NoValue, "has no value")]
        {
            assert_eq!(
                told(&with(secret, kept)),
                [format!(
                    "failed: the secret db-AbCdEf {words} (TOKEN of web): tasks that need it do not start"
                )]
            );
        }
    }
}
