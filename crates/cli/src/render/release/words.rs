//! What others say, made fit for a screen.

use crate::render::style::Palette;
use crate::secret;

/// A text from AWS without the stack's secrets, and without what would move a terminal's cursor. Lines stay.
pub(crate) fn told(text: &str) -> String {
    let hidden = secret::hidden(text);
    hidden
        .chars()
        .map(|c| if c == '\t' { ' ' } else { c })
        .filter(|c| *c == '\n' || !c.is_control())
        .collect()
}

/// A text with the stack's name, as the user wrote it, at the end of each of our commands in backticks. What a release is meant
/// for (`--service`) stands there as well, where the command takes it.
pub(crate) fn with_stack(text: &str, argument: &str) -> String {
    let part = |(index, part): (usize, &str)| match index % 2 {
        1 if part.starts_with("wharf release ") => format!("{part}{argument}"),
        1 if part.starts_with("wharf ") => format!("{part}{}", without_service(argument)),
        _ => part.to_owned(),
    };
    text.split('`').enumerate().map(part).collect::<Vec<_>>().join("`")
}

/// Behind ` --service '...'`, in which a quote is written `'\''`.
fn without_service(argument: &str) -> &str {
    let Some(mut rest) = argument.strip_prefix(" --service '") else { return argument };
    while let Some((_, behind)) = rest.split_once('\'') {
        match behind.strip_prefix(r"\''") {
            Some(inside) => rest = inside,
            None => return behind,
        }
    }
    argument
}

/// Holds a command together.
const NO_BREAK: &str = "\u{a0}";

/// A text in lines of at most `width` columns, broken between words, and not within one of our commands in backticks. What is
/// longer than a line is cut.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let width = width.max(20);
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let part = |(index, part): (usize, &str)| match index % 2 {
            1 if part.starts_with("wharf ") => part.replace(' ', NO_BREAK),
            _ => part.to_owned(),
        };
        let paragraph = paragraph.split('`').enumerate().map(part).collect::<Vec<_>>().join("`");
        let mut line = String::new();
        let mut used = 0;
        for word in paragraph.split(' ') {
            let mut word: Vec<char> = word.chars().collect();
            if used > 0 && used + 1 + word.len() > width {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            while word.len() > width {
                let rest = word.split_off(width);
                lines.push(word.into_iter().collect());
                word = rest;
            }
            used += word.len();
            line.extend(word);
        }
        lines.push(line);
    }
    lines.into_iter().map(|line| line.replace(NO_BREAK, " ")).collect()
}

/// At most so many columns of a text, with a sign where it goes on.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let start: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{}…", start.trim_end())
}

/// A state in its colour: done, under way, failed, or something else.
pub(super) fn state(status: &str, palette: Palette) -> String {
    match status {
        "Succeeded" | "Ready" | "SUCCESSFUL" => palette.added(status),
        "Failed" | "Stopped" | "Cancelled" | "Abandoned" => palette.removed(status),
        "InProgress" | "Stopping" | "Created" | "Queued" => palette.changed(status),
        _ => status.to_owned(),
    }
}

/// A cell of a table: filled up to its column's width, then coloured.
pub(super) fn cell(text: &str, width: usize, paint: impl Fn(&str) -> String) -> String {
    let gap = " ".repeat(width.saturating_sub(text.chars().count()));
    format!("{}{gap}", paint(text))
}

/// An image without the registry's host, a commit or digest in its tag cut to what tells it from others.
pub(super) fn image(image: &str) -> String {
    let name = match image.split_once('/') {
        Some((host, rest)) if host.contains('.') || host.contains(':') || host == "localhost" => rest,
        _ => image,
    };
    match name.rsplit_once(':') {
        Some((name, tag)) if tag.len() >= 40 && tag.chars().all(|c| c.is_ascii_hexdigit()) => {
            format!("{name}:{}", &tag[..12])
        }
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{cut, image, told, with_stack, wrapped};

    #[test]
    fn control_sequences_are_taken_out() {
        assert_eq!(told("\u{1b}[2Jone\ttwo\r\nthree"), "[2Jone two\nthree");
    }

    #[test]
    fn commands_name_the_stack() {
        let text = "it waits for `wharf release promote` of `web`";
        assert_eq!(with_stack(text, " shop"), "it waits for `wharf release promote shop` of `web`");
        assert_eq!(with_stack(text, ""), text);
        let service = r#" --service 'group["it'\''s"]' 'my shop'"#;
        assert_eq!(with_stack("`wharf plan`", service), "`wharf plan 'my shop'`");
        assert_eq!(with_stack("`wharf release status`", service), format!("`wharf release status{service}`"));
    }

    #[test]
    fn lines_are_broken_between_words_where_they_can_be() {
        assert_eq!(wrapped("the quick brown fox jumps", 20), ["the quick brown fox", "jumps"]);
        assert_eq!(wrapped(&"x".repeat(45), 20), ["x".repeat(20), "x".repeat(20), "x".repeat(5)]);
        assert_eq!(wrapped("one\ntwo", 20), ["one", "two"]);
        assert_eq!(wrapped("it wants `wharf plan x` now", 20), ["it wants", "`wharf plan x` now"]);
        assert_eq!(cut("the quick brown", 10), "the quick…");
        assert_eq!(cut("the quick", 10), "the quick");
    }

    #[test]
    fn images_are_told_by_what_differs() {
        let commit = "3f2a9c1e5b".repeat(4);
        let ecr = format!("1.dkr.ecr.eu-central-1.amazonaws.com/shop/web:{commit}");
        assert_eq!(image(&ecr), "shop/web:3f2a9c1e5b3f");
        assert_eq!(image("public.ecr.aws/docker/library/httpd:2.4"), "docker/library/httpd:2.4");
        assert_eq!(image(&format!("web@sha256:{}", "0a".repeat(32))), "web@sha256:0a0a0a0a0a0a");
        assert_eq!(image("library/httpd"), "library/httpd");
    }
}
