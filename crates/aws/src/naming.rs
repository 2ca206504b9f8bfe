//! Names that wharf makes up.

/// A name for an object whose stack file gives none, or only how it begins: the same on every attempt.
///
/// Ends with 26 digits of the create's token, as many as Terraform takes, so that a prefix has the same room.
pub(crate) fn generated_name(prefix: Option<&str>, token: &str) -> String {
    format!("{}{}", prefix.unwrap_or("wharf-"), token.get(..26).unwrap_or(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_names_have_26_digits() {
        let token = "0123456789abcdef0123456789abcdef";
        assert_eq!(generated_name(None, token), "wharf-0123456789abcdef0123456789");
        assert_eq!(generated_name(Some("web-"), token), "web-0123456789abcdef0123456789");
    }
}
