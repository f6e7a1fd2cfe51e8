//! The score: evidence against a service, and when it is enough.
//!
//! Page's cumulative sum ("Continuous inspection schemes", 1954): a failure adds its
//! weight, a success takes 1 off, 0 is the floor, and the threshold opens. Where a
//! success takes all of it, the score is the number of failures in a row.

pub(crate) use crate::observe::trace::Pace;
use crate::{
    breaker::{length::LONGEST_MS, settings::BreakerSettings},
    state::Outcome,
};

/// The rule of a breaker that counts by a score.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    threshold: u64,
    /// 0 for failures in a row.
    weight: u64,
    /// In milliseconds; 0 is none.
    min_span: u64,
    quiet: u64,
}

/// What a failure does to a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Climb {
    /// It adds its whole weight, and the moment is kept.
    To(u64),
    /// The score is at its cap, and waits for a failure that comes later.
    Capped(u64),
    /// It is enough.
    Opens,
}

impl Rule {
    #[inline]
    pub(crate) const fn of(settings: BreakerSettings) -> Self {
        let (min_span, quiet) = settings.spans_ms();
        Self {
            threshold: settings.failure_threshold() as u64,
            weight: settings.failure_weight() as u64,
            min_span,
            quiet,
        }
    }

    /// The score after so many successes.
    #[inline]
    pub(crate) const fn relieved(self, score: u64, successes: u64) -> u64 {
        if self.weight == 0 && successes > 0 { 0 } else { score.saturating_sub(successes) }
    }

    /// What evidence of this weight does, so many milliseconds after the last that
    /// added its whole weight; it is negative where the clock stepped back.
    #[inline]
    pub(crate) const fn climb(self, score: u64, points: u64, since: i64) -> Climb {
        let since = if since < 0 { 0 } else { since.unsigned_abs() };
        let score = if self.quiet != 0 && since > self.quiet { 0 } else { score };
        let reached = score + points;
        if reached < self.threshold {
            Climb::To(reached)
        } else if since >= self.min_span {
            Climb::Opens
        } else {
            Climb::Capped(self.threshold)
        }
    }
}

/// What the end of a call says, in points of a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Evidence {
    Success,
    Nothing,
    /// A failure that does not weigh, as load is shed for it.
    #[cfg(not(fusebox_compact))]
    Spared,
    Against {
        points: u64,
    },
    /// It is enough by itself: for so many milliseconds, or as long as any opening.
    Enough {
        millis: Option<u64>,
    },
}

impl Evidence {
    /// A call counts once: by its outcome or by its pace, whichever is heavier.
    #[inline]
    pub(crate) fn of(outcome: Outcome, pace: Pace, settings: BreakerSettings) -> Self {
        let failure = u64::from(settings.failure_weight()).max(1);
        let own = match outcome {
            Outcome::Success | Outcome::Ignore => 0,
            Outcome::Failure | Outcome::Overload => failure,
            Outcome::Weighs { percent } => (failure * u64::from(percent) / 100).max(1),
            Outcome::Opens { millis } => {
                let millis = u64::from(millis).min(LONGEST_MS);
                return Self::Enough { millis: (millis != 0).then_some(millis) };
            }
        };
        let slow = match settings.slow_weight() {
            0 => failure,
            weight => weight.into(),
        };
        let points = match pace {
            Pace::Fine => own,
            Pace::Slow => own.max(slow),
            Pace::Charged => own.saturating_sub(slow),
        };
        match (points, outcome) {
            (0, Outcome::Success) if pace == Pace::Fine => Self::Success,
            (0, _) => Self::Nothing,
            (points, _) => Self::Against { points },
        }
    }

    /// A call that has not ended, and is slow already.
    pub(crate) fn slow(settings: BreakerSettings) -> Self {
        Self::of(Outcome::Ignore, Pace::Slow, settings)
    }

    #[inline]
    pub(crate) const fn is_against(self) -> bool {
        matches!(self, Self::Against { .. } | Self::Enough { .. })
    }

    /// The same of a call that failed, though that does not weigh.
    #[cfg(not(fusebox_compact))]
    pub(crate) const fn or_spared(self) -> Self {
        if matches!(self, Self::Nothing) { Self::Spared } else { self }
    }

    /// Whether a call counts among those that went wrong.
    #[inline]
    pub(crate) const fn is_counted(self) -> bool {
        #[cfg(not(fusebox_compact))]
        if matches!(self, Self::Spared) {
            return true;
        }
        self.is_against()
    }
}
