//! What a breaker is doing, what an answer says of a service, and what became of a
//! report.

use core::{fmt, time::Duration};

/// The state of a circuit breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// Every call is admitted, unless the breaker sheds load or lets calls back after an
    /// outage; consecutive failures are counted.
    Closed,
    /// No call is admitted until the recovery timeout has passed. It stays
    /// so, past that time, until the next caller becomes the first probe.
    Open,
    /// A few probes are admitted, to learn whether the service is back.
    HalfOpen,
    /// No call is admitted until someone closes, resets or disables it.
    ForcedOpen,
    /// Every call is admitted and nothing is counted.
    Disabled,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
            Self::ForcedOpen => "forced open",
            Self::Disabled => "disabled",
        })
    }
}

/// What became of an outcome that was reported to a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The breaker judged the outcome by the rules of the state that admitted
    /// the call.
    Recorded,
    /// The breaker has changed its state since the call was admitted, so the
    /// outcome changed nothing.
    Stale,
}

/// What the end of a call says of the health of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The service is well.
    Success,
    /// The service is in trouble.
    Failure,
    /// The service has more calls than it can answer: it timed out, or said so, as with a
    /// 429 or a 503. It is a failure.
    ///
    /// Where the settings have a [`max_shed`](crate::BreakerConfig::max_shed), the breaker
    /// sheds a share of the calls that come after it, until the service answers the rest.
    /// While that share is below `max_shed`, the outcome does not weigh for opening a
    /// closed breaker. It does weigh once the breaker sheds all that it may, in a ramp, in
    /// a probe, and where others say that the service is down
    /// ([`Advice::primed`](crate::Advice::primed)).
    Overload,
    /// Nothing is known: the request was at fault, or the call was cancelled.
    Ignore,
    /// The service is in trouble, and this failure weighs more or less than others:
    /// so many percent of a failure's weight, rounded down, and at least one point.
    Weighs {
        /// The weight in percent: 200 is that of two failures.
        percent: u16,
    },
    /// The service is down, and no more evidence is needed: the breaker opens at
    /// once. [`Outcome::OPENS`] and [`Outcome::opens_for`] make it.
    Opens {
        /// The length of the opening in milliseconds, at most 24 days; 0 is that of
        /// any opening.
        millis: u32,
    },
}

impl Outcome {
    /// The service is down: the breaker opens at once. An expired key is such an
    /// error.
    pub const OPENS: Self = Self::Opens { millis: 0 };

    /// Whether the call failed, in one way or another.
    #[cfg(not(fusebox_compact))]
    pub(crate) const fn is_failure(self) -> bool {
        !matches!(self, Self::Success | Self::Ignore)
    }

    /// The service is down for so long, in whole milliseconds, rounded up, at least
    /// 1 and at most 24 days: the breaker opens at once, and admits its next call
    /// then. A 429 with a `Retry-After` is such an answer.
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{BreakerConfig, CircuitBreaker, Outcome};
    ///
    /// let judge = |answer: Result<&u32, &(u16, Duration)>| match answer {
    ///     Err((429, retry_after)) => Outcome::opens_for(*retry_after),
    ///     Err((401, _)) => Outcome::OPENS,
    ///     Err((503, _)) => Outcome::Weighs { percent: 200 },
    ///     Err(_) => Outcome::Failure,
    ///     Ok(_) => Outcome::Success,
    /// };
    /// let shop = CircuitBreaker::new(BreakerConfig::new().build());
    /// let ask = || Err::<u32, _>((429, Duration::from_secs(20)));
    /// assert!(shop.call_judged(judge, ask).is_err());
    /// let rejected = shop.try_acquire().unwrap_err();
    /// assert!(rejected.retry_after().unwrap() <= Duration::from_secs(20));
    /// ```
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // 24 days have 31 bits
    pub const fn opens_for(time: Duration) -> Self {
        const MOST: u128 = 2_073_600_000;
        let millis = time.as_nanos().div_ceil(1_000_000);
        Self::Opens {
            millis: if millis == 0 {
                1
            } else if millis > MOST {
                MOST as u32
            } else {
                millis as u32
            },
        }
    }
}

/// Something that says whether a service is well: a `&CircuitBreaker`, or an `Arc` of one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say whether a service is well",
    note = "give a reference to a `CircuitBreaker`"
)]
pub trait TellsHealth {
    /// Whether there is no evidence against it.
    #[doc(hidden)]
    fn is_well(&self) -> bool;
}

/// Nobody says whether the service is well: it is taken for that.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl TellsHealth for Unwatched {
    #[inline]
    fn is_well(&self) -> bool {
        true
    }
}
