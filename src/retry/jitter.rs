//! How delays are spread.

use crate::config::{ConfigError, Unit};

/// The way in which the delays of callers that failed together are spread.
///
/// | kind | a delay `d` becomes | may exceed the cap |
/// |---|---|---|
/// | `None` | `d` | no |
/// | `Proportional` | uniform from `min_percent` to `max_percent` of `d` | up to `max_percent` of it |
/// | `Full` | uniform from 1 ns to `d` | no |
/// | `Equal` | uniform from `d / 2` to `d` | no |
/// | `Decorrelated` | uniform from the base delay to 3 × the last delay; the exponential base plays no part | no |
///
/// The last three are those of Marc Brooker, "Exponential Backoff And Jitter"
/// (AWS Architecture Blog, 2015).
///
/// With the feature `serde` a kind is `"full"`, or `{ "proportional": {
/// "min_percent": 50, "max_percent": 150 } }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(::serde::Serialize, ::serde::Deserialize),
    serde(rename_all = "snake_case", deny_unknown_fields)
)]
pub enum Jitter {
    /// No jitter: callers that failed together come back together.
    None,
    /// A share of the delay, in percent from 0 to 1000. It applies after the cap.
    Proportional {
        /// The smallest share of the delay.
        min_percent: u32,
        /// The largest share of the delay.
        max_percent: u32,
    },
    /// Any time up to the delay.
    Full,
    /// At least half of the delay.
    Equal,
    /// A delay that is drawn from the one before.
    Decorrelated,
}

impl Default for Jitter {
    /// Returns the default: 50 to 150 percent of the delay.
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Jitter {
    pub(super) const DEFAULT: Self = Self::Proportional { min_percent: 50, max_percent: 150 };
    const MAX_PERCENT: u128 = 1_000;

    /// An error where a percentage is out of its range.
    pub(super) const fn check(self) -> Result<(), ConfigError> {
        let Self::Proportional { min_percent, max_percent } = self else { return Ok(()) };
        let (min, max, most) = (min_percent as u128, max_percent as u128, Self::MAX_PERCENT);
        let error = if min > most {
            ConfigError::out_of_range("jitter: min_percent", Unit::Percent, min, 0, most)
        } else if max < min || max > most {
            ConfigError::out_of_range("jitter: max_percent", Unit::Percent, max, min, most)
        } else {
            return Ok(());
        };
        Err(error)
    }
}
