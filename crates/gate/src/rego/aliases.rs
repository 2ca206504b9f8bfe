//! Calls of functions by the names that imports give their packages: `import data.lib.tags`, then `tags.missing(r)`.
//!
//! This version of the evaluator knows such names for values but not for calls (microsoft/regorus#769), so they are written
//! out before it sees them. Only the text of a line changes, never which line it is.

use regorus::Source;
use regorus::unstable::{Lexer, Token, TokenKind};
use std::collections::BTreeMap;
use std::num::NonZeroU32;

/// The policy with those names written out. What is no Rego is left as it is, for the parser to refuse.
pub(crate) fn written_out(path: &str, text: &str, max_col: NonZeroU32) -> String {
    let Some(tokens) = tokens(path, text, max_col) else { return text.to_owned() };
    let aliases = aliases(&tokens);
    let mut result = String::with_capacity(text.len());
    let mut done = 0;
    for (at, token) in tokens.iter().enumerate() {
        let is_part = at > 0 && tokens[at - 1].1.text() == ".";
        let Some(full) = aliases.get(token.1.text()).filter(|_| is_name(token) && !is_part) else { continue };
        let (Ok(start), Ok(end)) = (usize::try_from(token.1.start), usize::try_from(token.1.end)) else {
            continue;
        };
        if is_call(&tokens[at + 1..])
            && let Some(before) = text.get(done..start)
        {
            result.push_str(before);
            result.push_str(full);
            done = end;
        }
    }
    result.push_str(text.get(done..).unwrap_or_default());
    result
}

fn tokens(path: &str, text: &str, max_col: NonZeroU32) -> Option<Vec<Token>> {
    let source = Source::from_contents(path.to_owned(), text.to_owned()).ok()?;
    let mut lexer = Lexer::new(&source);
    lexer.set_max_col(max_col);
    let mut tokens = Vec::new();
    loop {
        let token = lexer.next_token().ok()?;
        if matches!(token.0, TokenKind::Eof) {
            return Some(tokens);
        }
        tokens.push(token);
    }
}

fn is_name(token: &Token) -> bool {
    matches!(token.0, TokenKind::Ident)
}

/// What the imports call packages and functions, and what those are.
fn aliases(tokens: &[Token]) -> BTreeMap<String, String> {
    let mut aliases = BTreeMap::new();
    for (at, token) in tokens.iter().enumerate() {
        let starts_line = at == 0 || tokens[at - 1].1.line < token.1.line;
        if token.1.text() != "import" || !starts_line {
            continue;
        }
        let rest: Vec<&str> = tokens[at + 1..]
            .iter()
            .take_while(|next| next.1.line == token.1.line)
            .map(|next| next.1.text())
            .collect();
        let (path, alias) = match rest.as_slice() {
            [path @ .., "as", alias] => (path, Some(*alias)),
            path => (path, None),
        };
        // Packages with brackets in their names are left to the evaluator.
        let is_plain = path.first() == Some(&"data") && !path.contains(&"[");
        if let Some(name) = alias.or(path.last().copied()).filter(|_| is_plain && path.len() > 1) {
            aliases.insert(name.to_owned(), path.concat());
        }
    }
    aliases
}

/// Whether a name goes on as a call: `.f(`, `.a.f(`, `(`.
fn is_call(rest: &[Token]) -> bool {
    let mut rest = rest;
    loop {
        match rest {
            [open, ..] if open.1.text() == "(" => return true,
            [dot, name, more @ ..] if dot.1.text() == "." && is_name(name) => rest = more,
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::written_out;
    use std::num::NonZeroU32;

    #[test]
    fn calls_are_written_out_and_nothing_else() {
        let text = "package main\nimport data.lib.tags\nimport data.lib as l\nimport input as p\n\
                    x := tags.missing(tags.all, p) # tags.f(x)\ny := l.a.f(\"tags.f(x)\")[tags.z]\nz := o.tags.f(1)\n";
        let expected = "package main\nimport data.lib.tags\nimport data.lib as l\nimport input as p\n\
                        x := data.lib.tags.missing(tags.all, p) # tags.f(x)\ny := data.lib.a.f(\"tags.f(x)\")[tags.z]\nz := o.tags.f(1)\n";
        assert_eq!(written_out("p", text, NonZeroU32::MAX), expected);
    }
}
