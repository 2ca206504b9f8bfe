/// What a life of the stack consists of, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Everything is made.
    Create,
    /// What can be changed in place is changed.
    Update,
    /// What can only be replaced is replaced, some of it by deleting first, some by creating first.
    Replace,
    /// Everything is deleted.
    Destroy,
}

impl Phase {
    pub(crate) const ALL: [Phase; 4] = [Phase::Create, Phase::Update, Phase::Replace, Phase::Destroy];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Phase::Create => "create",
            Phase::Update => "update",
            Phase::Replace => "replace",
            Phase::Destroy => "destroy",
        }
    }

    /// What makes three stack files of `tests/crash/stack.yaml`.
    fn variables(self) -> &'static [&'static str] {
        match self {
            Phase::Create => &[],
            Phase::Update => &["--var", "stage=two"],
            Phase::Replace | Phase::Destroy => &["--var", "stage=two", "--var", "generation=two"],
        }
    }

    /// The command that does it.
    pub(crate) fn command(self) -> Vec<&'static str> {
        let verb = if self == Phase::Destroy { "destroy" } else { "apply" };
        [&[verb, "--auto-approve"], self.variables()].concat()
    }

    /// The command that says whether anything is left to do.
    pub(crate) fn plan(self) -> Vec<&'static str> {
        let destroy: &[&str] = if self == Phase::Destroy { &["--destroy"] } else { &[] };
        [&["plan", "--detailed-exitcode"], destroy, self.variables()].concat()
    }
}
