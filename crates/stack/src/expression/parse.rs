use super::lower::Lowering;
use super::{Budget, Evaluator, Expr, Fault, NoScope};
use crate::files::NoFiles;
use crate::yaml::Origin;
use std::ops::Range;
use std::sync::Arc;
use wharf_core::{Diagnostic, Span, Value};

/// A scalar of the stack file that holds `${...}` or `%{...}`, parsed.
#[derive(Debug)]
pub(crate) struct Expression {
    text: Arc<str>,
    origin: Origin,
    pub(crate) root: Expr,
}

impl Expression {
    /// Parses the text of a scalar. A single `${...}` and nothing around it keeps its type.
    ///
    /// # Errors
    /// Bad HCL, with its place in the file.
    pub(crate) fn parse(text: &Arc<str>, origin: Origin) -> Result<Self, Diagnostic> {
        match parse_template(text) {
            Ok(root) => Ok(Expression { text: text.clone(), origin, root }),
            Err(fault) => Err(place(fault, text, &origin)),
        }
    }

    /// Whether a text holds anything to evaluate, escapes included.
    pub(crate) fn is_one(text: &str) -> bool {
        text.contains("${") || text.contains("%{")
    }

    /// Where a range of the text is in the file.
    pub(crate) fn span(&self, range: Range<usize>) -> Span {
        self.origin.locate(&self.text, range)
    }

    /// A fault as a diagnostic in the file.
    pub(crate) fn diagnostic(&self, fault: Fault) -> Diagnostic {
        place(fault, &self.text, &self.origin)
    }
}

fn place(fault: Fault, text: &str, origin: &Origin) -> Diagnostic {
    fault.into_diagnostic(|range| range.map_or_else(|| origin.span(), |range| origin.locate(text, range)))
}

/// Parses a template: text with `${...}` and `%{...}` in it.
pub(crate) fn parse_template(text: &str) -> Result<Expr, Fault> {
    let template = hcl_edit::parser::parse_template(text).map_err(|error| explain(text, &error))?;
    Lowering::new(text).template_root(&template)
}

/// Parses a bare HCL expression, as in `--var`.
pub(crate) fn parse_expression(text: &str) -> Result<Expr, Fault> {
    Lowering::new(text).expr(&parse_type(text)?)
}

/// Parses the type of a variable, which looks like an expression.
pub(crate) fn parse_type(text: &str) -> Result<hcl_edit::expr::Expression, Fault> {
    hcl_edit::parser::parse_expr(text).map_err(|error| explain(text, &error))
}

/// The value of an expression without names.
pub(crate) fn literal(expression: &hcl_edit::expr::Expression) -> Result<Value, Fault> {
    let expr = Lowering::new("").expr(expression)?;
    let budget = Budget::default();
    Evaluator::new(&NoScope, &NoFiles, &budget).evaluate(&expr)
}

fn explain(text: &str, error: &hcl_edit::parser::Error) -> Fault {
    let at = text.floor_char_boundary(error.location().offset());
    let behind = &text[at..];
    let end = at + behind.chars().next().map_or(0, char::len_utf8);
    let message = error.message();
    let fault = Fault::new(format!("invalid expression: {message}")).at(&(at..end));
    if behind.contains("${") || text[..at].contains("${") {
        let open = text.matches("${").count();
        if open > text.matches('}').count() {
            return fault.help("a `${` is not closed by `}`");
        }
    }
    if message.contains("nesting depth") {
        return fault.help("give parts of it names under `locals:`");
    }
    // `${` or `%{` that opens nothing was meant as text
    let opened = text[..at].trim_end().ends_with(['{', '~']);
    if opened { fault.help("write `$${` for a literal `${`, and `%%{` for a literal `%{`") } else { fault }
}
