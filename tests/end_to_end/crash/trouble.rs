use std::fmt;

/// What is wrong after a run that was to recover.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// Something in the account is not in the state.
    Orphan(String),
    /// There is more of something than without the disturbance.
    Duplicate(String),
    /// Anything else: the run failed, something is missing, a plan is not empty.
    Other(String),
}

impl Trouble {
    /// The same, told otherwise.
    pub(crate) fn with(self, tell: impl FnOnce(&str) -> String) -> Self {
        match self {
            Trouble::Orphan(text) => Trouble::Orphan(tell(&text)),
            Trouble::Duplicate(text) => Trouble::Duplicate(tell(&text)),
            Trouble::Other(text) => Trouble::Other(tell(&text)),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Trouble::Orphan(text) | Trouble::Duplicate(text) | Trouble::Other(text)) = self;
        f.write_str(text)
    }
}

impl std::error::Error for Trouble {}

impl From<Box<dyn std::error::Error + Send + Sync>> for Trouble {
    fn from(error: Box<dyn std::error::Error + Send + Sync>) -> Self {
        Trouble::Other(error.to_string())
    }
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        Trouble::Other(error.to_string())
    }
}

impl From<&str> for Trouble {
    fn from(text: &str) -> Self {
        Trouble::Other(text.to_owned())
    }
}
