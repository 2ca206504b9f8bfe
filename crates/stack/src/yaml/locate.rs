use super::Style;
use std::ops::Range;
use std::sync::Arc;
use wharf_core::Span;

/// Where the text of a scalar comes from: maps positions inside the text back to the file, through quotes, escapes,
/// folding and indentation.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    source: Arc<str>,
    span: Span,
    style: Style,
}

impl Origin {
    pub(crate) fn new(source: Arc<str>, span: Span, style: Style) -> Self {
        Origin { source, span, style }
    }

    /// The whole scalar.
    pub(crate) fn span(&self) -> Span {
        self.span
    }

    /// Where the bytes `range` of the scalar's `text` are in the file.
    ///
    /// White space is what folding changes, and all it changes: counting the other characters on both sides finds the
    /// place in every style.
    pub(crate) fn locate(&self, text: &str, range: Range<usize>) -> Span {
        let Some(raw) = self.source.get(self.span.range()) else { return self.span };
        let before = |at: usize| {
            text.char_indices().take_while(|(i, _)| *i < at).filter(|(_, c)| !is_blank(*c)).count()
        };
        let mut places = places(raw, self.style).into_iter();
        let first = before(range.start);
        let count = before(range.end).saturating_sub(first);
        let Some(start) = places.nth(first) else {
            return Span::new(self.span.source, self.span.end..self.span.end);
        };
        let last = if count > 1 { places.nth(count - 2) } else { None };
        let end = if count == 0 { start.start } else { last.unwrap_or_else(|| start.clone()).end };
        Span::new(self.span.source, self.span.start + start.start..self.span.start + end)
    }
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// The byte range in `raw` of every character of the text that is not white space.
fn places(raw: &str, style: Style) -> Vec<Range<usize>> {
    let mut places = Vec::new();
    let quoted = matches!(style, Style::SingleQuoted | Style::DoubleQuoted);
    let mut chars = raw.char_indices().skip(usize::from(quoted)).peekable();
    while let Some((at, c)) = chars.next() {
        match (style, c) {
            (Style::DoubleQuoted, '\\') => {
                let Some((_, escape)) = chars.next() else { break };
                let digits = match escape {
                    'x' => 2,
                    'u' => 4,
                    'U' => 8,
                    _ => 0,
                };
                let hex: String = chars.by_ref().take(digits).map(|(_, c)| c).collect();
                let blank = match escape {
                    't' | 'n' | 'r' | '\t' | '\n' | '\r' | ' ' => true,
                    _ => u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32).is_some_and(is_blank),
                };
                if !blank {
                    places.push(at..at + 1 + escape.len_utf8() + digits);
                }
            }
            (Style::SingleQuoted, '\'') if chars.next_if(|(_, next)| *next == '\'').is_some() => {
                places.push(at..at + 2);
            }
            (_, c) if !is_blank(c) => places.push(at..at + c.len_utf8()),
            _ => {}
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use crate::yaml::parse;
    use wharf_core::Sources;

    /// Checks that `needle` of the decoded text is found in the file at the same word.
    fn finds(yaml: &str, needle: &str) {
        let mut sources = Sources::default();
        let id = sources.add("s.yaml", yaml);
        let root = parse(&sources, id).expect("valid");
        let node = &root.entries().expect("a mapping")[0].value;
        let text = node.text().expect("a scalar");
        let at = text.find(needle).unwrap_or_else(|| panic!("{needle:?} in {text:?}"));
        let span = node.origin(sources.text(id).expect("known")).locate(text, at..at + needle.len());
        assert_eq!(&yaml[span.range()], needle, "in {yaml:?}, text {text:?}");
    }

    #[test]
    fn in_every_style() {
        finds("a: one ${two} three", "two");
        finds("a: one\n   ${two}\n\n   three", "three");
        finds("a: 'it''s ${two}'", "two");
        finds("a: \"\\u0041\\t\\x20\\\"é${two}\\n three\"", "two");
        finds("a: \"one \\\n    ${two}\"", "two");
        finds("a: |\n  one\n    ${two}\n  three\n", "two");
        finds("a: >-\n  one\n  ${two}\n\n  three\n", "three");
        finds("a: >\n\n  one\n\n\n   ${two}\n  three\n", "two");
        finds("é: \"é ${two}\"", "two");
    }
}
