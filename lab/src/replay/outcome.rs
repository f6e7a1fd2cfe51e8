//! What a call's end says to a breaker of given settings.

use std::time::Duration;

use fusebox::{BreakerSettings, Outcome};

/// The end of a recorded call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    pub(super) outcome: Outcome,
    pub(super) took: Duration,
    /// Whether the live breaker had charged it as slow before its end.
    pub(super) charged: bool,
}

impl End {
    pub(super) fn is_failure(self) -> bool {
        !matches!(self.outcome, Outcome::Success | Outcome::Ignore)
    }

    pub(super) fn is_success(self) -> bool {
        self.outcome == Outcome::Success
    }

    /// With its pace, as one outcome: of a failure and of slowness the heavier counts.
    pub(super) fn judged(self, settings: BreakerSettings, follows: bool) -> Outcome {
        let is_slow = settings.slow_call().is_some_and(|limit| self.took > limit);
        if matches!(self.outcome, Outcome::Opens { .. }) || !is_slow {
            return self.outcome;
        }
        let own = points(settings, self.outcome);
        let slow = slow_points(settings);
        if follows && self.charged {
            weighing(settings, own.saturating_sub(slow))
        } else {
            weighing(settings, own.max(slow))
        }
    }
}

/// A call that has not ended is slow already.
pub(super) fn hung(settings: BreakerSettings) -> Outcome {
    weighing(settings, slow_points(settings))
}

fn failure_points(settings: BreakerSettings) -> u64 {
    u64::from(settings.failure_weight()).max(1)
}

fn slow_points(settings: BreakerSettings) -> u64 {
    match settings.slow_weight() {
        0 => failure_points(settings),
        weight => weight.into(),
    }
}

fn points(settings: BreakerSettings, outcome: Outcome) -> u64 {
    match outcome {
        Outcome::Success | Outcome::Ignore | Outcome::Opens { .. } => 0,
        Outcome::Failure | Outcome::Overload => failure_points(settings),
        Outcome::Weighs { percent } => (failure_points(settings) * u64::from(percent) / 100).max(1),
    }
}

/// An outcome of so many points: exactly, where a failure weighs at most 100, and else to
/// the point above.
fn weighing(settings: BreakerSettings, points: u64) -> Outcome {
    if points == 0 {
        return Outcome::Ignore;
    }
    // Rounded up, as the breaker rounds down.
    let percent = (points * 100).div_ceil(failure_points(settings));
    Outcome::Weighs { percent: u16::try_from(percent).unwrap_or(u16::MAX) }
}

#[cfg(test)]
mod tests {
    use fusebox::BreakerConfig;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn so_many_points_are_an_outcome_of_so_many(weight in 0..=100_u32, wanted in 1..=127_u64) {
            let settings =
                BreakerConfig::new().failure_weight(weight).failure_threshold(2_000).build();
            prop_assert_eq!(points(settings, weighing(settings, wanted)), wanted);
        }
    }
}
