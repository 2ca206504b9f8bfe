//! Names that wharf makes up.

/// How many digits a made-up name has after its prefix: as many as Terraform takes, so that a prefix has the same room.
const DIGITS: usize = 26;

/// A name for an object whose stack file gives none, or only how it begins: the same on every attempt.
///
/// Ends with digits of the create's token.
pub(crate) fn generated_name(prefix: Option<&str>, token: &str) -> String {
    format!("{}{}", prefix.unwrap_or("wharf-"), token.get(..DIGITS).unwrap_or(token))
}

/// The name of an object to look up: the one that is set, or the one that a create with this token makes up. `None` as
/// long as there is neither: before a plan there is no token, and a name may not be known yet.
pub(crate) fn sought_name(name: Option<&str>, prefix: Option<&str>, token: &str) -> Option<String> {
    match name {
        Some(name) => Some(name.to_owned()).filter(|name| !name.is_empty()),
        None => (!token.is_empty()).then(|| generated_name(prefix, token)),
    }
}

/// How the name of an object begins that is not recorded (an import), if it was made up: by wharf or by Terraform.
pub(crate) fn prefix_of(name: &str) -> Option<String> {
    let (prefix, digits) = name.split_at_checked(name.len().checked_sub(DIGITS)?)?;
    let made_up = digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    (made_up && !prefix.is_empty()).then(|| prefix.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn generated_names_have_26_digits() {
        assert_eq!(generated_name(None, TOKEN), "wharf-0123456789abcdef0123456789");
        assert_eq!(generated_name(Some("web-"), TOKEN), "web-0123456789abcdef0123456789");
    }

    #[test]
    fn what_has_no_name_yet_is_not_looked_up() {
        assert_eq!(sought_name(Some("web"), None, ""), Some("web".to_owned()));
        assert_eq!(sought_name(Some(""), None, TOKEN), None);
        assert_eq!(sought_name(None, Some("web-"), ""), None);
        assert_eq!(sought_name(None, Some("web-"), TOKEN), Some("web-0123456789abcdef0123456789".to_owned()));
    }

    #[test]
    fn prefixes_are_seen_in_made_up_names() {
        assert_eq!(prefix_of(&generated_name(Some("web-"), TOKEN)), Some("web-".to_owned()));
        assert_eq!(prefix_of("terraform-20240131120000000100000001"), Some("terraform-".to_owned()));
        assert_eq!(prefix_of("web"), None);
        assert_eq!(prefix_of("ecs-execution-role-of-the-application"), None);
        assert_eq!(prefix_of("0123456789abcdef0123456789"), None);
    }
}
