/// Whether a text matches a pattern in which `*` stands for any number of characters. Nothing else is special:
/// addresses have brackets and quotes in them.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    let Some(mut rest) = rest.strip_suffix(last) else { return false };
    for part in parts {
        // the leftmost place leaves the most for what follows
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, text) in [
            ("aws_vpc", "aws_vpc"),
            ("*", ""),
            ("aws_iam_*", "aws_iam_role"),
            ("*_bucket*", "aws_s3_bucket_policy"),
            ("subnet[\"*\"]", "subnet[\"a\"]"),
            ("a*b*c", "abbc"),
            ("a**c", "ac"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("aws_vpc", "aws_vpcs"), ("", "a"), ("a*a", "a"), ("a*b*c", "acb"), ("subnet", "subnet[\"a\"]")]
        {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }
}
