//! Amazon resource names.

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
}
