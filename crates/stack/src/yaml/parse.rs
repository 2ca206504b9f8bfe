use super::merge::{is_merge, merge};
use super::{Entry, Kind, Node, Scalar, Style};
use granit_parser::{Event, Parser, ScalarStyle};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use wharf_core::{Diagnostic, SourceId, Sources, Span};

/// The deepest nesting of lists and mappings.
const MAX_DEPTH: usize = 64;
/// The largest file, in bytes.
const MAX_BYTES: usize = 16 << 20;
/// What aliases may expand to, all together.
const MAX_ALIASED: usize = 100_000;

/// Reads the one YAML document of a source.
///
/// Every syntax error, duplicate key and unbounded alias is an error with its place; only the first is found, because
/// YAML gives no way to go on behind one.
pub(crate) fn parse(sources: &Sources, source: SourceId) -> Result<Node, Diagnostic> {
    let text = sources.text(source).cloned().unwrap_or_else(|| "".into());
    parse_text(&text, source)
}

/// Like [`parse`], for a text at hand.
pub(crate) fn parse_text(text: &str, source: SourceId) -> Result<Node, Diagnostic> {
    if text.len() > MAX_BYTES {
        return Err(Diagnostic::error(format!("the file is larger than {} MiB", MAX_BYTES >> 20))
            .at(Span::new(source, 0..0)));
    }
    let mut builder = Builder::new(source);
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let at = error.marker().byte_offset().unwrap_or(0);
            explain(text, source, at, &error.info())
        })?;
        let range = span.byte_range().unwrap_or(0..0);
        builder.event(event, range, span.end.line())?;
    }
    Ok(builder.root.unwrap_or_else(|| scalar(Span::new(source, 0..0), "", Style::Plain, None)))
}

/// A list or mapping whose end is not read yet.
struct Open {
    anchor: usize,
    start: usize,
    kind: OpenKind,
}

enum OpenKind {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, names: HashMap<Arc<str>, Span>, key: Option<Node> },
}

struct Builder {
    source: SourceId,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    aliased: usize,
    root: Option<Node>,
    /// The last plain scalar that opens a `${` without closing it, with its line.
    unclosed: Option<(usize, Span)>,
}

impl Builder {
    fn new(source: SourceId) -> Self {
        Builder { source, open: Vec::new(), anchors: HashMap::new(), aliased: 0, root: None, unclosed: None }
    }

    fn event(&mut self, event: Event<'_>, range: Range<usize>, line: usize) -> Result<(), Diagnostic> {
        let span = Span::new(self.source, range);
        let is_list = matches!(event, Event::SequenceStart(..));
        match event {
            Event::Comment(..) => self.comment(span, line),
            Event::DocumentStart(..) if self.root.is_some() => {
                Err(Diagnostic::error("the file holds more than one YAML document")
                    .at(span)
                    .help("keep each stack in a file of its own"))
            }
            Event::Scalar(text, style, anchor, tag) => {
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted => Style::SingleQuoted,
                    ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
                    _ => Style::Block,
                };
                self.unclosed = (style == Style::Plain && is_unclosed(&text)).then_some((line, span));
                let tag = tag.and_then(|tag| tag.core_suffix().map(str::to_owned));
                self.complete(scalar(span, &text, style, tag), anchor)
            }
            Event::Alias(id) => {
                let target = self.anchors.get(&id).ok_or_else(|| {
                    Diagnostic::error("an alias cannot stand inside the node it refers to").at(span)
                })?;
                let node = Node { alias: Some(span), ..target.clone() };
                self.aliased = self.aliased.saturating_add(node.weight);
                if self.aliased > MAX_ALIASED {
                    return Err(Diagnostic::error(format!(
                        "aliases expand to more than {MAX_ALIASED} values"
                    ))
                    .at(span)
                    .help("use a variable or `for_each` instead"));
                }
                self.complete(node, 0)
            }
            Event::SequenceStart(_, anchor, _) | Event::MappingStart(_, anchor, _) => {
                if self.open.len() >= MAX_DEPTH {
                    return Err(Diagnostic::error(format!("nested deeper than {MAX_DEPTH} levels")).at(span));
                }
                let kind = if is_list {
                    OpenKind::List(Vec::new())
                } else {
                    OpenKind::Map { entries: Vec::new(), names: HashMap::new(), key: None }
                };
                self.open.push(Open { anchor, start: span.start, kind });
                Ok(())
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            _ => Ok(()),
        }
    }

    /// A comment right after a plain `${` has cut an expression in two.
    fn comment(&mut self, span: Span, line: usize) -> Result<(), Diagnostic> {
        match self.unclosed.take() {
            Some((scalar_line, scalar)) if scalar_line == line => {
                Err(Diagnostic::error("a comment cuts off an expression")
                    .at(span)
                    .label("YAML reads ` #` as the start of a comment")
                    .also(scalar, "this `${` is not closed")
                    .help("put the value in quotes: \"${...}\""))
            }
            _ => Ok(()),
        }
    }

    fn close(&mut self, end: Span) -> Result<(), Diagnostic> {
        let Some(Open { anchor, start, kind }) = self.open.pop() else { return Ok(()) };
        let last = |node: Option<&Node>| node.map_or(end.end, |node| node.used_at().end).max(start);
        let node = match kind {
            OpenKind::List(list) => {
                let weight = list.iter().fold(1usize, |sum, node| sum.saturating_add(node.weight));
                let span = Span::new(self.source, start..last(list.last()));
                Node { span, alias: None, kind: Arc::new(Kind::List(list)), weight }
            }
            OpenKind::Map { entries, .. } => {
                let span = Span::new(self.source, start..last(entries.last().map(|entry| &entry.value)));
                let entries = merge(entries)?;
                let weight = entries.iter().fold(1usize, |sum, entry| {
                    sum.saturating_add(entry.key.weight).saturating_add(entry.value.weight)
                });
                Node { span, alias: None, kind: Arc::new(Kind::Map(entries)), weight }
            }
        };
        self.complete(node, anchor)
    }

    /// Puts a finished node where it belongs.
    fn complete(&mut self, node: Node, anchor: usize) -> Result<(), Diagnostic> {
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.kind) {
            None => self.root = Some(node),
            Some(OpenKind::List(list)) => list.push(node),
            Some(OpenKind::Map { entries, names, key }) => match key.take() {
                Some(key) => entries.push(Entry { key, value: node }),
                None => {
                    check_key(&node, names)?;
                    *key = Some(node);
                }
            },
        }
        Ok(())
    }
}

fn check_key(key: &Node, names: &mut HashMap<Arc<str>, Span>) -> Result<(), Diagnostic> {
    let Kind::Scalar(scalar) = &*key.kind else {
        return Err(Diagnostic::error(format!("a key must be a string, not {}", key.describe()))
            .at(key.used_at())
            .help("an expression as a key or value must be in quotes: \"${...}\""));
    };
    if is_merge(key) {
        return Ok(());
    }
    match names.insert(scalar.text.clone(), key.used_at()) {
        Some(first) => Err(Diagnostic::error(format!("duplicate key `{}`", scalar.text))
            .at(key.used_at())
            .label("set again here")
            .also(first, "first set here")
            .help("remove one of them, or give it another name")),
        None => Ok(()),
    }
}

fn scalar(span: Span, text: &str, style: Style, tag: Option<String>) -> Node {
    let kind = Kind::Scalar(Scalar { text: text.into(), style, tag });
    Node { span, alias: None, kind: Arc::new(kind), weight: 1 + text.len() / 64 }
}

fn is_unclosed(text: &str) -> bool {
    text.rfind("${").is_some_and(|at| !text[at..].contains('}'))
}

/// YAML's own message is about YAML; what the user wrote may have been an expression or a tab.
fn explain(text: &str, source: SourceId, at: usize, message: &str) -> Diagnostic {
    let at = text.floor_char_boundary(at);
    let line_start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    let line = text[line_start..].lines().next().unwrap_or_default();
    let width = text[at..].chars().next().map_or(0, char::len_utf8);
    let message = message.strip_suffix('.').unwrap_or(message);
    let error = Diagnostic::error(format!("invalid YAML: {message}")).at(Span::new(source, at..at + width));
    if line.trim_start_matches(' ').starts_with('\t') {
        error.help("indent with spaces: YAML allows no tabs there")
    } else if message.contains("double-quoted") && line.contains("${") {
        error
            .help("quotes inside a double-quoted value are written `\\\"`; or put the value in single quotes")
    } else if line.contains("${") {
        error.help("an expression with `: ` or ` #` in it, or inside `[...]` or `{...}`, must be in quotes: \"${...}\"")
    } else {
        error
    }
}
