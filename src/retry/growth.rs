//! How delays grow from attempt to attempt.

use core::time::Duration;

use crate::config::ConfigError;

/// The way in which delays grow.
///
/// | kind | the n-th delay, before its jitter, is at most `max_delay` and |
/// |---|---|
/// | `Exponential` | `base_delay * exponential_base^(n-1)` |
/// | `Constant` | `base_delay` |
/// | `Linear` | `base_delay * n` |
/// | `Fibonacci` | `base_delay` times the n-th Fibonacci number: 1, 1, 2, 3, 5, … |
/// | `Listed` | the n-th of the list; after its end, the last one |
///
/// ```
/// use core::time::Duration;
/// use fusebox::{BackoffConfig, Growth, Jitter};
///
/// let millis = |growth| {
///     let backoff = BackoffConfig::new()
///         .base_delay(Duration::from_millis(100))
///         .growth(growth)
///         .jitter(Jitter::None)
///         .build();
///     backoff.take(5).map(|delay| delay.as_millis()).collect::<Vec<_>>()
/// };
/// assert_eq!(millis(Growth::Exponential), [100, 200, 400, 800, 1_600]);
/// assert_eq!(millis(Growth::Constant), [100; 5]);
/// assert_eq!(millis(Growth::Linear), [100, 200, 300, 400, 500]);
/// assert_eq!(millis(Growth::Fibonacci), [100, 100, 200, 300, 500]);
///
/// const DELAYS: &[Duration] = &[Duration::from_millis(50), Duration::from_secs(2)];
/// assert_eq!(millis(Growth::Listed(DELAYS)), [50, 2_000, 2_000, 2_000, 2_000]);
/// ```
///
/// With the feature `serde` a kind is its name, such as `"linear"`. A list is set
/// in code only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(
    feature = "serde",
    derive(::serde::Serialize, ::serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Growth {
    /// Each delay is `exponential_base` times as long as the one before.
    #[default]
    Exponential,
    /// All delays are equal.
    Constant,
    /// Each delay is longer by `base_delay` than the one before.
    Linear,
    /// Each delay is the sum of the two before.
    Fibonacci,
    /// The delays are those of a list, which has at least one.
    #[cfg_attr(feature = "serde", serde(skip))]
    Listed(&'static [Duration]),
}

impl Growth {
    /// An error where the list is empty.
    pub(super) const fn check(self) -> Result<(), ConfigError> {
        match self {
            Self::Listed([]) => Err(ConfigError::empty("growth")),
            _ => Ok(()),
        }
    }
}

/// Where delays that are no powers of a factor have arrived, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Steps {
    /// They are powers of a factor.
    Powers,
    Linear {
        next: u64,
        step: u64,
    },
    Fibonacci {
        next: u64,
        after: u64,
    },
    Listed {
        delays: &'static [Duration],
        at: u64,
    },
}

impl Steps {
    pub(super) const fn of(growth: Growth, base: u64) -> Self {
        match growth {
            Growth::Exponential | Growth::Constant => Self::Powers,
            Growth::Linear => Self::Linear { next: base, step: base },
            Growth::Fibonacci => Self::Fibonacci { next: base, after: base },
            Growth::Listed(delays) => Self::Listed { delays, at: 0 },
        }
    }

    /// The next delay, before the cap. `None` for powers.
    #[allow(clippy::cast_possible_truncation)] // below the number of delays
    pub(super) const fn next(&mut self) -> Option<u64> {
        match self {
            Self::Powers => None,
            Self::Linear { next, step } => {
                let delay = *next;
                *next = next.saturating_add(*step);
                Some(delay)
            }
            Self::Fibonacci { next, after } => {
                let delay = *next;
                (*next, *after) = (*after, next.saturating_add(*after));
                Some(delay)
            }
            Self::Listed { delays, at } => {
                let last = delays.len() - 1; // never empty: it was checked
                let delay = delays[if *at < last as u64 { *at as usize } else { last }];
                *at = at.saturating_add(1);
                // More nanoseconds than fit are above any cap.
                let seconds = delay.as_secs().saturating_mul(1_000_000_000);
                Some(seconds.saturating_add(delay.subsec_nanos() as u64))
            }
        }
    }

    /// Skips so many delays.
    pub(super) const fn skip(&mut self, delays: u64) {
        match self {
            Self::Powers => {}
            Self::Linear { next, step } => *next = next.saturating_add(step.saturating_mul(delays)),
            Self::Fibonacci { next, after } => {
                // 94 of them are more than 64 bits hold.
                let mut left = if delays < 94 { delays } else { 94 };
                while left > 0 {
                    (*next, *after) = (*after, next.saturating_add(*after));
                    left -= 1;
                }
            }
            Self::Listed { at, .. } => *at = at.saturating_add(delays),
        }
    }
}
