//! Patterns of ARNs, in which `*` stands for any text.

/// Whether everything that `narrow` matches is matched by `wide`.
pub(super) fn covers(wide: &str, narrow: &str) -> bool {
    let mut parts = wide.split('*');
    let Some(mut rest) = parts.next().and_then(|head| narrow.strip_prefix(head)) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(tail) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wider_patterns() {
        for (wide, narrow) in [
            ("*", "arn:aws:s3:::a"),
            ("arn:aws:s3:::a", "arn:aws:s3:::a"),
            ("arn:aws:s3:::a*", "arn:aws:s3:::a/*"),
            ("arn:aws:ec2:*:*:vpc/*", "arn:aws:ec2:eu-central-1:1:vpc/vpc-1"),
            ("a*b*b", "abb"),
        ] {
            assert!(covers(wide, narrow), "{wide} {narrow}");
        }
        for (wide, narrow) in [
            ("arn:aws:s3:::a", "arn:aws:s3:::a/*"),
            ("arn:aws:s3:::a/*", "arn:aws:s3:::a*"),
            ("a*b*b", "ab"),
            ("ab*ba", "aba"),
        ] {
            assert!(!covers(wide, narrow), "{wide} {narrow}");
        }
    }
}
