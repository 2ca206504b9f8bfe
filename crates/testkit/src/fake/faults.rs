use std::time::Duration;
use wharf_provider::{Error, ErrorKind};

/// What the cloud can be asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "they say what they are")]
pub enum Call {
    Read,
    Find,
    Create,
    Finish,
    Update,
    Delete,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Refused for being one too many; without effect.
    Throttle,
    /// Refused, with an error of this kind; without effect.
    Refuse(ErrorKind),
    /// The cloud fails inside before the effect, and does not say so.
    FailBefore,
    /// The cloud fails inside after the effect, and does not say so.
    FailAfter,
    /// It has its effect, and the connection is lost before the answer.
    LoseAnswer,
    /// The object made cannot be seen by the first so many reads and look-ups.
    Hide(usize),
    /// It takes so long.
    Delay(Duration),
}

/// What goes wrong, when.
#[derive(Debug, Clone)]
pub struct Rule {
    call: Option<Call>,
    kind: Option<String>,
    subject: Option<String>,
    skip: usize,
    times: usize,
    fault: Fault,
}

impl Rule {
    /// Goes wrong with every call.
    pub fn always(fault: Fault) -> Self {
        Rule { call: None, kind: None, subject: None, skip: 0, times: usize::MAX, fault }
    }

    /// Goes wrong with the next call.
    pub fn once(fault: Fault) -> Self {
        Rule::always(fault).times(1)
    }

    /// Only with calls of this sort.
    #[must_use]
    pub fn on(mut self, call: Call) -> Self {
        self.call = Some(call);
        self
    }

    /// Only with this type.
    #[must_use]
    pub fn of(mut self, kind: &str) -> Self {
        self.kind = Some(kind.to_owned());
        self
    }

    /// Only with this address, as [`wharf_core::Address::to_tag`] writes it.
    #[must_use]
    pub fn at(mut self, subject: &str) -> Self {
        self.subject = Some(subject.to_owned());
        self
    }

    /// Only so often.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// Not with the first so many.
    #[must_use]
    pub fn after(mut self, skip: usize) -> Self {
        self.skip = skip;
        self
    }

    /// Whether it strikes; uses it up.
    pub(super) fn strikes(&mut self, call: Call, kind: &str, subject: &str) -> Option<Fault> {
        let fits = self.call.is_none_or(|c| c == call)
            && self.kind.as_ref().is_none_or(|k| k == kind)
            && self.subject.as_ref().is_none_or(|s| s == subject);
        if !fits || self.times == 0 {
            return None;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        self.times -= 1;
        Some(self.fault)
    }
}

/// What strikes one call.
#[derive(Debug, Default)]
pub(super) struct Struck {
    pub(super) delay: Duration,
    pub(super) hide: usize,
    pub(super) fault: Option<Fault>,
}

impl Struck {
    pub(super) fn by(rules: &mut [Rule], call: Call, kind: &str, subject: &str) -> Self {
        let mut struck = Struck::default();
        for rule in rules {
            // The first fault counts; another one waits for its turn.
            let is_fault = !matches!(rule.fault, Fault::Hide(_) | Fault::Delay(_));
            if is_fault && struck.fault.is_some() {
                continue;
            }
            match rule.strikes(call, kind, subject) {
                Some(Fault::Hide(reads)) => struck.hide = reads,
                Some(Fault::Delay(delay)) => struck.delay += delay,
                Some(fault) => struck.fault = Some(fault),
                None => {}
            }
        }
        struck
    }

    /// The error before any effect.
    pub(super) fn before(&self, operation: &str) -> Option<Error> {
        let (kind, code) = match self.fault? {
            Fault::Throttle => (ErrorKind::Throttled, "Throttling"),
            Fault::Refuse(kind) => (kind, "Refused"),
            Fault::FailBefore => (ErrorKind::Ambiguous, "InternalFailure"),
            _ => return None,
        };
        Some(error(kind, operation, code, "as the test asked for"))
    }

    /// The error after the effect.
    pub(super) fn after(&self, operation: &str) -> Option<Error> {
        match self.fault? {
            Fault::FailAfter => {
                Some(error(ErrorKind::Ambiguous, operation, "InternalFailure", "as the test asked for"))
            }
            Fault::LoseAnswer => Some(Error {
                code: None,
                ..error(ErrorKind::Ambiguous, operation, "", "the connection was closed")
            }),
            _ => None,
        }
    }
}

pub(super) fn error(kind: ErrorKind, operation: &str, code: &str, message: &str) -> Error {
    Error {
        operation: operation.to_owned(),
        code: Some(code.to_owned()),
        ..Error::new(kind, message.to_owned())
    }
}
