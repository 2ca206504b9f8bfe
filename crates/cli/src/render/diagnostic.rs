//! Diagnostics as people read them: the message, the place, the text there, what to do.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use std::collections::BTreeMap;
use std::ops::Range;
use wharf_core::{Diagnostic, Severity, SourceId, Sources, Span};

/// Renders diagnostics one below the other, each with a blank line behind it.
///
/// `width` is the terminal's; long lines of the source are cut to it.
pub(crate) fn diagnostics(
    diagnostics: &[Diagnostic],
    sources: &Sources,
    color: bool,
    width: usize,
) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() }.term_width(width.max(40));
    let mut out = String::new();
    for diagnostic in diagnostics {
        let report = [group(diagnostic, sources)];
        out.push_str(&renderer.render(&report));
        out.push_str("\n\n");
    }
    out
}

fn group<'d>(diagnostic: &'d Diagnostic, sources: &'d Sources) -> Group<'d> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(diagnostic.message.as_str()));
    for (source, marks) in by_source(diagnostic) {
        let (Some(text), Some(path)) = (sources.text(source), sources.path(source)) else { continue };
        if sources.is_hidden(source) {
            for mark in &marks {
                let Some((line, column)) = sources.position(&mark.span) else { continue };
                let place = Origin::path(path.display().to_string()).line(line).char_column(column);
                group = group.element(place).elements(mark.words.map(|words| Level::NOTE.message(words)));
            }
            continue;
        }
        let window = window(text, &marks);
        let first_line = text[..window.start].matches('\n').count() + 1;
        let annotations = marks.iter().map(|mark| mark.annotation(text, &window));
        group = group.element(
            Snippet::source(&text[window.clone()])
                .path(path.display().to_string())
                .line_start(first_line)
                .annotations(annotations.collect::<Vec<_>>()),
        );
    }
    group.elements(diagnostic.help.iter().map(|help| Level::HELP.message(help.as_str())))
}

/// A marked place of a source.
struct Mark<'d> {
    span: Span,
    words: Option<&'d str>,
    kind: AnnotationKind,
}

/// The places of a diagnostic by file, the file of the main place first.
fn by_source(diagnostic: &Diagnostic) -> Vec<(SourceId, Vec<Mark<'_>>)> {
    let main = diagnostic.span.map(|span| Mark {
        span,
        words: diagnostic.label.as_deref(),
        kind: AnnotationKind::Primary,
    });
    let others = diagnostic.secondary.iter().map(|(span, words)| Mark {
        span: *span,
        words: Some(words),
        kind: AnnotationKind::Context,
    });
    let mut sources: BTreeMap<SourceId, Vec<Mark<'_>>> = BTreeMap::new();
    for mark in main.into_iter().chain(others) {
        sources.entry(mark.span.source).or_default().push(mark);
    }
    let mut sources: Vec<_> = sources.into_iter().collect();
    sources.sort_by_key(|(source, _)| diagnostic.span.is_none_or(|span| span.source != *source));
    sources
}

impl<'d> Mark<'d> {
    fn annotation(&self, text: &str, window: &Range<usize>) -> Annotation<'d> {
        let range = clamp(text, self.span.range());
        self.kind.span(range.start - window.start..range.end - window.start).label(self.words)
    }
}

/// The lines around all marks: the renderer looks at all it is given, and files may be large.
fn window(text: &str, marks: &[Mark<'_>]) -> Range<usize> {
    let ranges = || marks.iter().map(|mark| clamp(text, mark.span.range()));
    let first = ranges().map(|range| range.start).min().unwrap_or(0);
    let last = ranges().map(|range| range.end).max().unwrap_or(0);
    let start = text[..first].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[last..].find('\n').map_or(text.len(), |newline| last + newline + 1);
    start..end
}

/// A range that lies inside the text, between characters, on at most one line: what the renderer can draw.
fn clamp(text: &str, range: Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(range.start.min(text.len()));
    let end = text.ceil_char_boundary(range.end.clamp(start, text.len()));
    let line = text[start..end].find('\n').map_or(end, |newline| start + newline);
    start..line
}

#[cfg(test)]
mod tests {
    use super::diagnostics;
    use wharf_core::{Diagnostic, Sources, Span};

    fn render(text: &str, diagnostic: impl Fn(Span) -> Diagnostic, range: std::ops::Range<usize>) -> String {
        let mut sources = Sources::default();
        let id = sources.add("stack.yaml", text);
        diagnostics(&[diagnostic(Span::new(id, range))], &sources, false, 80)
    }

    #[test]
    fn a_message_with_a_place_and_help() {
        let error = |span| {
            Diagnostic::error("unknown key `resource`")
                .at(span)
                .label("here")
                .help("did you mean `resources`?")
        };
        let text = render("stack: a\nresource: {}\n", error, 9..17);
        assert_eq!(
            text,
            "error: unknown key `resource`\n --> stack.yaml:2:1\n  |\n2 | resource: {}\n  | ^^^^^^^^ here\n  |\n  \
             = help: did you mean `resources`?\n\n"
        );
    }

    #[test]
    fn two_places_of_one_file() {
        let error = |span: Span| {
            Diagnostic::error("duplicate key `a`")
                .at(span)
                .also(Span { start: 0, end: 1, ..span }, "first set here")
        };
        let text = render("a: 1\nb: 2\nc: 3\na: 4\n", error, 15..16);
        assert!(text.contains("first set here") && text.contains("stack.yaml:4:1"), "{text}");
    }

    #[test]
    fn places_that_are_none() {
        #[expect(clippy::reversed_empty_ranges, reason = "the renderer may not panic on any")]
        for range in [0..0, 5..5, 100..200, 1..2, 2..1, 0..100] {
            for text in ["", "é", "aé\nb", "\n", "a\r\nb\r\n"] {
                let rendered = render(text, |span| Diagnostic::error("m").at(span), range.clone());
                assert!(rendered.starts_with("error: m\n"), "{range:?} of {text:?}: {rendered}");
            }
        }
    }

    #[test]
    fn no_place_at_all() {
        let sources = Sources::default();
        assert_eq!(diagnostics(&[Diagnostic::warning("odd")], &sources, false, 80), "warning: odd\n\n");
    }
}
