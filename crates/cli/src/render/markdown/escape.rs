//! Text of users in Markdown and HTML, in which it means nothing.

/// The first lines of a text, with a note of how many were cut.
pub(super) fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let end = text[..text.floor_char_boundary(limit)].rfind('\n').unwrap_or(0);
    let (kept, rest) = text.split_at(end);
    if kept.is_empty() {
        // One line alone is too long.
        let kept = &text[..text.floor_char_boundary(limit)];
        return format!("{kept}\n  ... {} more bytes", text.len() - kept.len());
    }
    format!("{kept}\n  ... {} more lines", rest.trim_matches('\n').lines().count())
}

/// A text without characters that change how the rest of it is read: control characters, and those that turn the
/// direction of writing.
pub(crate) fn visible(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\n' || !is_hidden(c) { result.push(c) } else { result.extend(c.escape_unicode()) }
    }
    result
}

/// The same on one line.
pub(super) fn one_line(text: &str) -> String {
    visible(text).replace('\n', "\\n")
}

fn is_hidden(c: char) -> bool {
    let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || matches!(c, '\u{2028}' | '\u{2029}') || (c.is_control() && c != '\t')
}

/// Text of a title: HTML in which Markdown means nothing.
pub(super) fn html(text: &str) -> String {
    let text = one_line(text);
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A code span, in which nothing means anything.
pub(crate) fn code(text: &str) -> String {
    let text = one_line(text);
    let ticks = "`".repeat(longest_run(&text) + 1);
    let pad = if text.contains('`') { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

pub(super) fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_spans_hold_what_is_in_them() {
        assert_eq!(code("vpc"), "`vpc`");
        assert_eq!(code("a`b"), "`` a`b ``");
        assert_eq!(code("a\n# b\u{202e}c"), "`a\\n# b\\u{202e}c`");
    }

    #[test]
    fn titles_hold_no_markup() {
        assert_eq!(html("<b>\n\n& \"x\"</code>"), "&lt;b&gt;\\n\\n&amp; &quot;x&quot;&lt;/code&gt;");
    }

    #[test]
    fn long_texts_end_with_a_count() {
        assert_eq!(cut("a\nb\nc\n", 100), "a\nb\nc\n");
        assert_eq!(cut("a\nb\nc\n", 3), "a\n  ... 2 more lines");
        assert_eq!(cut("ééé", 3), "é\n  ... 4 more bytes");
    }
}
