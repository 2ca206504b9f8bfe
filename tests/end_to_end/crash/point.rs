use super::phase::Phase;
use serde_json::{Value, json};
use std::fmt;
use std::str::FromStr;
use wharf_tests::Result;

/// Where the state is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a file.
    Local,
    /// In S3, where the requests for the state and its lock are requests as any others.
    S3,
}

/// Which requests of a run are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Those that change something.
    Change,
    /// Those that only look.
    Read,
}

/// When in the life of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Boundary {
    /// Before it takes effect.
    Before,
    /// After it took effect, before any byte of the answer.
    After,
    /// After the whole answer was sent.
    Answered,
}

/// One instant at which a run is killed, written `s3:replace:change:37:after`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Point {
    pub(crate) place: Place,
    pub(crate) phase: Phase,
    pub(crate) kind: Kind,
    /// Which request of that kind, from 1, in the order in which they arrive.
    pub(crate) number: u64,
    pub(crate) boundary: Boundary,
}

/// How many requests of each kind a run makes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Requests {
    pub(crate) changes: u64,
    pub(crate) reads: u64,
}

impl Place {
    pub(crate) const ALL: [Place; 2] = [Place::Local, Place::S3];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Place::Local => "local",
            Place::S3 => "s3",
        }
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Change => "change",
            Kind::Read => "read",
        }
    }
}

impl Boundary {
    const ALL: [Boundary; 3] = [Boundary::Before, Boundary::After, Boundary::Answered];

    fn name(self) -> &'static str {
        match self {
            Boundary::Before => "before",
            Boundary::After => "after",
            Boundary::Answered => "answered",
        }
    }
}

impl Point {
    /// All points of a phase: every boundary of a request that changes something, one of a request that looks.
    pub(crate) fn all(place: Place, phase: Phase, requests: Requests) -> Vec<Self> {
        let of = |kind, number, boundary| Point { place, phase, kind, number, boundary };
        let changes = (1..=requests.changes)
            .flat_map(|number| Boundary::ALL.map(|boundary| of(Kind::Change, number, boundary)));
        let reads = (1..=requests.reads).map(|number| of(Kind::Read, number, Boundary::Before));
        changes.chain(reads).collect()
    }

    /// The emulator's rule that kills a process here.
    pub(crate) fn rule(self, pid: u32) -> Value {
        let kind = format!("kill_{}", self.boundary.name());
        json!({"kind": kind, "pid": pid, "mutating": self.kind == Kind::Change, "after": self.number - 1})
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (place, phase) = (self.place.name(), self.phase.name());
        write!(f, "{place}:{phase}:{}:{}:{}", self.kind.name(), self.number, self.boundary.name())
    }
}

impl FromStr for Point {
    type Err = Box<dyn std::error::Error + Send + Sync>;

    fn from_str(text: &str) -> Result<Self> {
        let parts: Vec<&str> = text.split(':').collect();
        let [place, phase, kind, number, boundary] = parts[..] else {
            return Err(format!("`{text}` is not like `s3:replace:change:37:after`").into());
        };
        let unknown = |part: &str| format!("`{part}` in `{text}` is not known");
        Ok(Point {
            place: Place::ALL.into_iter().find(|p| p.name() == place).ok_or_else(|| unknown(place))?,
            phase: Phase::ALL.into_iter().find(|p| p.name() == phase).ok_or_else(|| unknown(phase))?,
            kind: [Kind::Change, Kind::Read]
                .into_iter()
                .find(|k| k.name() == kind)
                .ok_or_else(|| unknown(kind))?,
            number: number.parse().ok().filter(|number| *number > 0).ok_or_else(|| unknown(number))?,
            boundary: Boundary::ALL
                .into_iter()
                .find(|b| b.name() == boundary)
                .ok_or_else(|| unknown(boundary))?,
        })
    }
}
