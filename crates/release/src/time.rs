//! Points in time, as AWS tells them.

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde::{Serialize, Serializer};
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// A point in time, in whole seconds since 1970. Its text is that of RFC 3339, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

impl Time {
    /// The present, by this machine's clock.
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Time(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
    }

    /// So many minutes later.
    #[must_use]
    pub fn plus_minutes(self, minutes: i64) -> Self {
        Time(self.0.saturating_add(minutes.saturating_mul(60)))
    }

    /// The time of day, with the date if that is not today's: `14:05 UTC`, `2026-11-24 00:10 UTC`.
    pub fn of_day(self, now: Time) -> String {
        let (text, today) = (self.to_string(), now.to_string());
        match (text.get(..10), text.get(11..16), today.get(..10)) {
            (Some(date), Some(time), Some(today)) if date == today => format!("{time} UTC"),
            (Some(date), Some(time), _) => format!("{date} {time} UTC"),
            _ => text,
        }
    }

    /// How many seconds from `earlier` to this; negative if it is before.
    pub fn since(self, earlier: Time) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// So many seconds in words: `40 s`, `3 min 5 s`, `52 min`, `2 h 10 min`, `3 days`. Less exact the longer it is.
pub fn span(seconds: i64) -> String {
    let with = |whole: i64, unit: &str, rest: i64, smaller: &str| match rest {
        0 => format!("{whole} {unit}"),
        rest => format!("{whole} {unit} {rest} {smaller}"),
    };
    match seconds.max(0) {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..600 => with(seconds / 60, "min", seconds % 60, "s"),
        seconds @ 600..3600 => format!("{} min", seconds / 60),
        seconds @ 3600..172_800 => with(seconds / 3600, "h", seconds % 3600 / 60, "min"),
        seconds => format!("{} days", seconds / 86_400),
    }
}

impl From<DateTime> for Time {
    fn from(time: DateTime) -> Self {
        Time(time.secs())
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::from_secs(self.0).fmt(Format::DateTime) {
            Ok(text) => f.pad(&text),
            Err(_) => write!(f, "{} s since 1970", self.0),
        }
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::{Time, span};

    #[test]
    fn spans_are_as_exact_as_they_are_short() {
        for (seconds, words) in [
            (-5, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (185, "3 min 5 s"),
            (3_120, "52 min"),
            (7_800, "2 h 10 min"),
            (7_200, "2 h"),
            (300_000, "3 days"),
        ] {
            assert_eq!(span(seconds), words);
        }
    }

    #[test]
    fn the_date_is_told_where_it_is_another() {
        let now = Time(1_763_906_400);
        assert_eq!(now.to_string(), "2025-11-23T14:00:00Z");
        assert_eq!(now.plus_minutes(5).of_day(now), "14:05 UTC");
        assert_eq!(now.plus_minutes(610).of_day(now), "2025-11-24 00:10 UTC");
    }
}
