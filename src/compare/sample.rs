//! What is known of one arm.

use core::fmt;

use super::CompareError;
use crate::breaker::snapshot::Counters;

/// The requests of one arm, and how many of them were not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    requests: u64,
    unanswered: u64,
}

impl Sample {
    /// Makes a sample of so many requests, of which so many were not answered.
    ///
    /// # Errors
    /// [`CompareError::TooMany`] when there are more of these than of those.
    pub const fn new(requests: u64, unanswered: u64) -> Result<Self, CompareError> {
        if unanswered > requests {
            return Err(CompareError::TooMany { requests, unanswered });
        }
        Ok(Self { requests, unanswered })
    }

    /// Makes the sample of a breaker: its requests are the calls that it admitted and
    /// those that it turned away; not answered are those that failed, and those that it
    /// turned away. Take [`Counters::since`] for a part of its life.
    ///
    /// # Errors
    /// [`CompareError::Uncounted`] where no call was counted, and
    /// [`CompareError::TooMany`] where some were not.
    pub const fn of(counters: &Counters) -> Result<Self, CompareError> {
        let Counters { calls, failures, rejections, .. } = *counters;
        if calls == 0 {
            return Err(CompareError::Uncounted);
        }
        Self::new(calls.saturating_add(rejections), failures.saturating_add(rejections))
    }

    /// Returns the number of requests.
    #[must_use]
    pub const fn requests(self) -> u64 {
        self.requests
    }

    /// Returns the number of requests that were not answered.
    #[must_use]
    pub const fn unanswered(self) -> u64 {
        self.unanswered
    }
}

/// The share of an arm's requests that were not answered, with what it may be in truth.
///
/// `low` and `high` are Wilson's interval ("Probable inference, the law of succession, and
/// statistical inference", 1927) of 95 %. It is right in 95 of 100 looks, and not in all of
/// them at once: what you decide by is the [`Comparison`](super::Comparison).
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Share {
    /// The requests, and those that were not answered.
    pub sample: Sample,
    /// The share, from 0 to 1; 0 of no requests.
    pub share: f64,
    /// The least that it is likely to be in truth.
    pub low: f64,
    /// The most.
    pub high: f64,
}

/// The quantile of the normal distribution for 95 %, two-sided.
const Z: f64 = 1.959_963_984_540_054;

impl Share {
    #[allow(clippy::cast_precision_loss)] // counts
    pub(super) fn of(sample: Sample) -> Self {
        let (requests, unanswered) = (sample.requests as f64, sample.unanswered as f64);
        if sample.requests == 0 {
            return Self { sample, share: 0.0, low: 0.0, high: 1.0 };
        }
        let share = unanswered / requests;
        let square = Z * Z / requests;
        let middle = (share + square / 2.0) / (1.0 + square);
        let inner = share * (1.0 - share) / requests + square / requests / 4.0;
        let wide = Z * inner.sqrt() / (1.0 + square);
        // What lies outside is an error of rounding.
        Self { sample, share, low: (middle - wide).max(0.0), high: (middle + wide).min(1.0) }
    }
}

/// Writes the share and its interval in percent.
impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { share, low, high, .. } = self;
        write!(f, "{:.2} % ({:.2} to {:.2} %)", share * 100.0, low * 100.0, high * 100.0)
    }
}
