use std::ops::Range;
use wharf_core::Diagnostic;

/// What is wrong in an expression, with the place inside its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) message: String,
    /// Bytes of the expression's text; without one, all of it.
    pub(crate) range: Option<Range<usize>>,
    pub(crate) help: Vec<String>,
}

impl Fault {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Fault { message: message.into(), range: None, help: Vec::new() }
    }

    /// Sets the place, unless a more precise one is known already.
    #[must_use]
    pub(crate) fn at(mut self, range: &Range<usize>) -> Self {
        self.range.get_or_insert_with(|| range.clone());
        self
    }

    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Adds "did you mean", if there is a candidate.
    #[must_use]
    pub(crate) fn suggest<'a>(self, word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        match wharf_core::suggest(word, candidates) {
            Some(candidate) => self.help(format!("did you mean `{candidate}`?")),
            None => self,
        }
    }

    /// As a diagnostic, placed by `locate`.
    pub(crate) fn into_diagnostic(
        self,
        locate: impl Fn(Option<Range<usize>>) -> wharf_core::Span,
    ) -> Diagnostic {
        let mut diagnostic = Diagnostic::error(self.message).at(locate(self.range));
        diagnostic.help = self.help;
        diagnostic
    }
}
