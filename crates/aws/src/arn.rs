//! Amazon resource names.

use wharf_core::{Map, Value};

/// The part of an ARN after the fifth colon: `role/ecs-execution`; the text itself if it is no ARN.
pub(crate) fn resource(arn: &str) -> &str {
    if !arn.starts_with("arn:") {
        return arn;
    }
    arn.splitn(6, ':').nth(5).unwrap_or(arn)
}

/// What stands after the last slash of an ARN or a path.
pub(crate) fn last(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// The partition of an ARN: `aws`.
pub(crate) fn partition(arn: &str) -> &str {
    arn.split(':').nth(1).unwrap_or("aws")
}

/// What AWS tells, in the words of the stack file if those mean the same: an id or alias for its ARN.
pub(crate) fn as_written(told: String, written: Option<&str>) -> String {
    let short = resource(&told);
    match written {
        Some(written) if short == written || short.strip_prefix("key/") == Some(written) => {
            written.to_owned()
        }
        _ => told,
    }
}

/// Brings a property that may be an ARN to a shorter form for comparison. What is not known yet stays.
pub(crate) fn shorten(properties: &mut Map, property: &str, form: fn(&str) -> &str) {
    if let Some(Value::String(text)) = properties.get_mut(property) {
        *text = form(text).to_owned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        let arn = "arn:aws-cn:iam::123456789012:role/path/name";
        assert_eq!((resource(arn), last(arn), partition(arn)), ("role/path/name", "name", "aws-cn"));
        assert_eq!(resource("arn:aws:logs:eu:1:log-group:a:b"), "log-group:a:b");
        assert_eq!(resource("plain"), "plain");
    }

    #[test]
    fn the_words_of_the_stack_file_win() {
        let arn = "arn:aws:kms:eu-central-1:1:key/9f-1";
        assert_eq!(as_written(arn.to_owned(), Some("9f-1")), "9f-1");
        assert_eq!(as_written(arn.to_owned(), Some("8e-2")), arn);
        assert_eq!(as_written("arn:aws:kms:e:1:alias/a/b".to_owned(), Some("alias/a/b")), "alias/a/b");
    }
}
