use std::fmt;

/// The result of an operation on a cloud.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, as far as the engine has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The object is not there (any more).
    NotFound,
    /// Something of that name is there already.
    AlreadyExists,
    /// Something else still uses the object; on a delete, that may be about to end.
    InUse,
    /// What the request needs exists, but is not usable yet: a role that cannot be assumed yet.
    NotReady,
    /// Too many requests; this one had no effect.
    Throttled,
    /// The caller may not do this.
    AccessDenied,
    /// No credentials, or ones that AWS does not take (any more).
    Credentials,
    /// AWS refuses what was asked for.
    Invalid,
    /// A quota is used up.
    Limit,
    /// No connection could be made: the request had no effect.
    Unreachable,
    /// The answer got lost, or AWS failed inside: the request may have had its effect.
    Ambiguous,
    /// A wait took longer than it may.
    Timeout,
    /// Not sent: the run has lost the lock of its state.
    LockLost,
    /// wharf's own fault.
    Internal,
}

/// A failed operation: what was asked of whom, and what the answer was.
#[derive(Debug, Clone)]
pub struct Error {
    /// What the engine may do about it.
    pub kind: ErrorKind,
    /// `ec2:CreateVpc`; empty when no request was made.
    pub operation: String,
    /// AWS's own code: `VpcLimitExceeded`.
    pub code: Option<String>,
    /// AWS's own words, or ours.
    pub message: String,
    /// AWS's id of the request, for their support.
    pub request_id: Option<String>,
}

impl Error {
    /// An error that no request caused.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error { kind, operation: String::new(), code: None, message: message.into(), request_id: None }
    }

    /// wharf's own fault.
    pub fn internal(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Internal, message)
    }

    /// The same error, of another kind: for a type that knows better what a code means.
    #[must_use]
    pub fn of_kind(mut self, kind: ErrorKind) -> Self {
        self.kind = kind;
        self
    }

    /// Whether the answer has this code.
    pub fn is_code(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.operation.is_empty() {
            write!(f, "{}: ", self.operation)?;
        }
        if let Some(code) = &self.code {
            write!(f, "{code}: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(id) = &self.request_id {
            write!(f, " (request {id})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// Turns "it is not there" into `None`.
pub(crate) fn optional<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What to make of errors that mean that nothing is there.
pub trait Absent<T> {
    /// `None` for [`ErrorKind::NotFound`].
    fn or_absent(self) -> Result<Option<T>>;
}

impl<T> Absent<T> for Result<T> {
    fn or_absent(self) -> Result<Option<T>> {
        optional(self)
    }
}
