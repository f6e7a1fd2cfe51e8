//! What a breaker's rule promises, in numbers.

use core::fmt;

use crate::breaker::{
    chain::{calls_to, calls_to_row},
    settings::BreakerSettings,
};

/// What the rule of a breaker promises: after how many calls it opens, at any share
/// of failures. [`BreakerSettings::promise`] makes it.
///
/// The numbers are means over independent calls, from a score of 0, and computed
/// from the exact chain of the score. `min_span` makes an opening later by at most
/// that time; `quiet` and slow calls are left out.
///
/// ```
/// use fusebox::{BreakerConfig, Ratio};
///
/// let ratio = Ratio::above(0.20).normally(0.01).false_alarm_every(1_000_000_000);
/// let promise = BreakerConfig::new().failure_ratio(ratio).build().promise();
/// assert_eq!(promise.mean_calls(1.0).unwrap().round(), 7.0);
/// assert!(promise.mean_calls(0.01).unwrap() >= 1e9);
/// assert_eq!(
///     promise.to_string(),
///     "opens after a mean of 7 calls at 100% failures, 14 at 50%, 43 at 20%, 149 at 10%; \
///      once in 3.0e3 calls at 5%, 1.2e9 at 1%",
/// );
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promise {
    settings: BreakerSettings,
}

impl BreakerSettings {
    /// Returns what the rule promises: the mean number of calls to an opening at
    /// any share of failures.
    #[must_use]
    pub const fn promise(self) -> Promise {
        Promise { settings: self }
    }
}

impl Promise {
    /// Returns the mean number of calls from a score of 0 to an opening, where this
    /// share of them fails. At 0 it is infinite.
    ///
    /// `None` for a share that is not from 0 to 1, and for a breaker that looks at
    /// the last calls ([`window`](BreakerSettings::window)): its chain has as many
    /// states as there are ways for those calls to end.
    #[must_use]
    pub const fn mean_calls(&self, share: f64) -> Option<f64> {
        let settings = self.settings;
        if settings.window() != 0 || !(share >= 0.0 && share <= 1.0) {
            return None;
        }
        if share == 0.0 {
            return Some(f64::INFINITY);
        }
        let threshold = settings.failure_threshold() as u64;
        Some(match settings.failure_weight() {
            0 => calls_to_row(threshold, share),
            weight => calls_to(threshold, weight as u64, share),
        })
    }
}

/// Below this mean an opening is expected, above it is a mistake.
const OFTEN: f64 = 1_000.0;

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = self.settings;
        if settings.window() != 0 {
            let (threshold, window) = (settings.failure_threshold(), settings.window());
            return write!(f, "opens when {threshold} of the last {window} calls failed");
        }
        let (mut opens, mut mistaken) = (0, 0);
        for percent in [100_u8, 50, 20, 10, 5, 1] {
            let calls = self.mean_calls(f64::from(percent) / 100.0).unwrap_or(f64::INFINITY);
            let (before, after) = match (calls < OFTEN, opens, mistaken) {
                (true, 0, _) => ("opens after a mean of ", "% failures"),
                (false, 0, 0) => ("opens once in ", "% failures"),
                (false, _, 0) => ("; once in ", "%"),
                _ => (", ", "%"),
            };
            let calls_word = if before == ", " { "" } else { " calls" };
            if calls < OFTEN {
                opens += 1;
                write!(f, "{before}{calls:.0}{calls_word} at {percent}{after}")?;
            } else {
                mistaken += 1;
                write!(f, "{before}{}{calls_word} at {percent}{after}", Large(calls))?;
            }
        }
        Ok(())
    }
}

/// A large number with two digits: `9.3e11`.
struct Large(f64);

impl fmt::Display for Large {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1e}", self.0)
    }
}
