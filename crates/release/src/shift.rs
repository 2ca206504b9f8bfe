//! Production traffic that moves in steps: which comes next, and when. No I/O.
//!
//! Source: <https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html>.

use crate::time::Time;

/// How production traffic moves in steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shift {
    /// What the first step moves, in hundredths; of a linear one, what each does.
    pub(crate) percent: i64,
    /// How many minutes are between two steps.
    pub(crate) minutes: i64,
    /// Whether all steps are the same; else the second one moves what is left.
    pub(crate) is_linear: bool,
    /// When the first step was.
    pub(crate) since: Time,
}

impl Shift {
    /// The share after the next step, and when that is, where there is this share now.
    pub(crate) fn next(&self, share: i64) -> (i64, Time) {
        let steps = if self.is_linear { share / self.percent.max(1) } else { i64::from(share > 0) };
        let next = if self.is_linear || share == 0 { share + self.percent } else { 100 };
        (next.min(100), self.since.plus_minutes(steps * self.minutes))
    }

    /// When the last step is.
    pub(crate) fn end(&self) -> Time {
        let percent = self.percent.clamp(1, 100);
        let steps = if self.is_linear { (100 + percent - 1) / percent - 1 } else { 1 };
        self.since.plus_minutes(steps * self.minutes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_follow_each_other() {
        let canary = Shift { percent: 10, minutes: 5, is_linear: false, since: Time(0) };
        assert_eq!([canary.next(0), canary.next(10)], [(10, Time(0)), (100, Time(300))]);
        assert_eq!(canary.end(), Time(300));
        let linear = Shift { percent: 30, minutes: 1, is_linear: true, since: Time(0) };
        let steps = [0, 30, 60, 90].map(|share| linear.next(share));
        assert_eq!(steps, [(30, Time(0)), (60, Time(60)), (90, Time(120)), (100, Time(180))]);
        assert_eq!(linear.end(), Time(180));
        let whole = Shift { percent: 10, ..linear };
        assert_eq!((whole.next(90), whole.end()), ((100, Time(540)), Time(540)));
    }
}
