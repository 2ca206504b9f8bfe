//! Colours. They never carry meaning alone: every sign is there without them.

use owo_colors::{OwoColorize, Style};
use wharf_core::Action;

/// Whether to colour.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Palette {
    pub(crate) color: bool,
}

impl Palette {
    pub(crate) fn paint(self, text: &str, style: Style) -> String {
        if self.color { text.style(style).to_string() } else { text.to_owned() }
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.paint(text, Style::new().bold())
    }

    pub(crate) fn faint(self, text: &str) -> String {
        self.paint(text, Style::new().dimmed())
    }

    /// An action's sign in its colour.
    pub(crate) fn sign(self, action: Action, create_before_destroy: bool) -> String {
        match action {
            Action::Replace if create_before_destroy => {
                format!("{}/{}", self.added("+"), self.removed("-"))
            }
            Action::Replace => format!("{}/{}", self.removed("-"), self.added("+")),
            Action::Create => self.added("+"),
            Action::Delete => self.removed("-"),
            Action::Update => self.changed("~"),
            other => other.symbol().to_owned(),
        }
    }

    pub(crate) fn added(self, text: &str) -> String {
        self.paint(text, Style::new().green())
    }

    pub(crate) fn removed(self, text: &str) -> String {
        self.paint(text, Style::new().red())
    }

    pub(crate) fn changed(self, text: &str) -> String {
        self.paint(text, Style::new().yellow())
    }
}
