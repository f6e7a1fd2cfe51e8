//! How delays are spread.

use core::time::Duration;

use crate::config::{ConfigError, Unit};

/// The way in which the delays of callers that failed together are spread.
///
/// | kind | a delay `d` becomes | may exceed the cap |
/// |---|---|---|
/// | `None` | `d` | no |
/// | `Proportional` | uniform from `min_percent` to `max_percent` of `d` | up to `max_percent` of it |
/// | `Full` | uniform from 1 ns to `d` | no |
/// | `Equal` | uniform from `d / 2` to `d` | no |
/// | `Additive` | uniform from `d` to `d` and `most` more | by up to `most` |
/// | `Decorrelated` | uniform from the base delay to 3 × the last delay; the growth plays no part | no |
///
/// With [`jitter_within_cap`](crate::RetryConfig::jitter_within_cap) none does.
///
/// `Full`, `Equal` and `Decorrelated` are those of Marc Brooker, "Exponential Backoff And Jitter"
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
    /// The delay and up to so much more. It applies after the cap.
    Additive {
        /// The longest time that is added, at most 2^30 seconds (34 years).
        most: Duration,
    },
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
    const MOST_ADDED: u128 = (1 << 30) * 1_000_000_000;

    /// An error where a percentage is out of its range.
    pub(super) const fn check(self) -> Result<(), ConfigError> {
        let (min_percent, max_percent) = match self {
            Self::Proportional { min_percent, max_percent } => (min_percent, max_percent),
            Self::Additive { most } if most.as_nanos() > Self::MOST_ADDED => {
                let (most, field) = (most.as_nanos(), "jitter: most");
                return Err(ConfigError::out_of_range(
                    field,
                    Unit::Nanoseconds,
                    most,
                    0,
                    Self::MOST_ADDED,
                ));
            }
            _ => return Ok(()),
        };
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
