//! Sensitive values in what others say: AWS likes to quote what it was sent.

use std::sync::OnceLock;

/// What stands for a sensitive value.
const HIDDEN: &str = "(sensitive value)";
/// A shorter value is left where it is: it would be found in every other word, and is no secret worth the name.
const SHORTEST: usize = 4;

/// The values of this run's stack, longest first, each also as JSON has it.
static KNOWN: OnceLock<Vec<String>> = OnceLock::new();

/// Takes note of the sensitive values of the stack. Only the first call counts: a process works on one stack.
pub(crate) fn know(values: Vec<String>) {
    KNOWN.get_or_init(|| forms(values));
}

/// A message without the sensitive values that are known.
pub(crate) fn hidden(text: impl Into<String>) -> String {
    without(text.into(), KNOWN.get().map(Vec::as_slice).unwrap_or_default())
}

fn forms(values: Vec<String>) -> Vec<String> {
    let mut forms: Vec<String> = Vec::new();
    for value in values.into_iter().filter(|value| value.chars().count() >= SHORTEST) {
        let quoted = serde_json::Value::from(value.as_str()).to_string();
        forms.extend(quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).map(str::to_owned));
        forms.push(value);
    }
    // One may be a part of another.
    forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    forms.dedup();
    forms
}

fn without(text: String, secrets: &[String]) -> String {
    secrets.iter().fold(text, |text, secret| {
        if text.contains(secret.as_str()) { text.replace(secret.as_str(), HIDDEN) } else { text }
    })
}

#[cfg(test)]
mod tests {
    use super::{forms, without};

    #[test]
    fn values_are_hidden_in_every_form() {
        let secrets = forms(vec!["hunter2".into(), "hunter2-and\n\"more\"".into(), "on".into()]);
        let hide = |text: &str| without(text.to_owned(), &secrets);
        assert_eq!(
            hide("the value 'hunter2' is not on the list"),
            "the value '(sensitive value)' is not on the list"
        );
        assert_eq!(hide("{\"token\": \"hunter2-and\\n\\\"more\\\"\"}"), "{\"token\": \"(sensitive value)\"}");
        assert_eq!(hide("=hunter2-and\n\"more\"="), "=(sensitive value)=");
    }
}
