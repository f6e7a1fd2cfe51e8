//! What belongs to each kind of operation.

use core::time::Duration;

#[cfg(not(fusebox_compact))]
use crate::breaker::ratio::Ratio;
use crate::{
    breaker::settings::{BreakerConfig, BreakerSettings},
    overload::priority::Priority,
    retry::settings::{RetryConfig, RetrySettings},
};

/// What belongs to one kind of operation: how much its calls matter, how often they are
/// tried, and what its breaker does.
///
/// | | [`CRITICAL`](Self::CRITICAL) | [`STANDARD`](Self::STANDARD) | [`SHEDDABLE`](Self::SHEDDABLE) | [`BACKGROUND`](Self::BACKGROUND) |
/// |---|---|---|---|---|
/// | for example | a payment | a page | a recommendation | a nightly job |
/// | priority | critical | default | sheddable | background |
/// | attempts | 4 | 3 | 2 | 1 |
/// | first delay | 100 ms | 200 ms | 200 ms | none |
/// | no attempt after | 10 s | 5 s | 2 s | none |
/// | opens where | half of the calls fail | half of the calls fail | half of the calls fail | 3 calls in a row fail |
/// | is open for | 2 s | 5 s | 10 s | 30 s, doubled by each failed probe, up to 8 minutes |
/// | comes back in | 2 s, from 50 % | 5 s, from 10 % | 10 s, from 10 % | 60 s, from 5 % |
/// | sheds for load | nothing | up to 50 % | up to 90 % | up to 99 % |
///
/// The fields are settings like any others; take one of them apart by `config()` to change
/// a thing. The kinds with several attempts want a budget, such as one of
/// [`EXTERNAL_BUDGET`](super::EXTERNAL_BUDGET).
///
/// Where operations of several kinds share a breaker, as they call one service, give it the
/// settings of `STANDARD`: the priorities of the calls then say which of them give way.
///
/// ```
/// use fusebox::{CircuitBreaker, Pipeline, Priority, Retry, presets::Operation};
///
/// const KIND: Operation = Operation::CRITICAL;
/// static PAYMENTS: CircuitBreaker = CircuitBreaker::named("payments", KIND.breaker);
/// const RETRY: Retry = Retry::new(KIND.retry);
///
/// let pay = Pipeline::new().priority(KIND.priority).breaker(&PAYMENTS).retry(RETRY);
/// assert_eq!(pay.call(&42, |euros| Ok::<_, &str>(*euros)), Ok(42));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Operation {
    /// How much its calls matter.
    pub priority: Priority,
    /// How often they are tried.
    pub retry: RetrySettings,
    /// When its breaker opens, how it comes back, and whether it sheds load.
    pub breaker: BreakerSettings,
}

/// A breaker that opens by a share of failures, as [`SERVICE`](super::SERVICE) does; where
/// slots are compact, by 5 failures in a row.
#[cfg(not(fusebox_compact))]
const BY_SHARE: BreakerConfig = BreakerConfig::new()
    .failure_ratio(Ratio::above(0.5).normally(0.2).false_alarm_every(1_000_000_000));
#[cfg(fusebox_compact)]
const BY_SHARE: BreakerConfig = BreakerConfig::new().failure_threshold(5);

impl Operation {
    /// Somebody waits, and notices at once when it fails. It is tried often, its breaker is
    /// soon back, and none of its calls is shed by its own breaker.
    pub const CRITICAL: Self = Self {
        priority: Priority::CRITICAL,
        retry: RetryConfig::new()
            .max_attempts(4)
            .base_delay(Duration::from_millis(100))
            .max_elapsed(Duration::from_secs(10))
            .build(),
        breaker: BY_SHARE
            .recovery_timeout(Duration::from_secs(2))
            .ramp_up(Duration::from_secs(2))
            .ramp_from(50)
            .build(),
    };

    /// What an operation is unless somebody says otherwise.
    pub const STANDARD: Self = Self {
        priority: Priority::DEFAULT,
        retry: RetryConfig::new()
            .max_attempts(3)
            .base_delay(Duration::from_millis(200))
            .max_elapsed(Duration::from_secs(5))
            .build(),
        breaker: BY_SHARE
            .recovery_timeout(Duration::from_secs(5))
            .ramp_up(Duration::from_secs(5))
            .max_shed(50)
            .build(),
    };

    /// It can fail now and then, and somebody does without. It is tried once more, and soon
    /// gives way.
    pub const SHEDDABLE: Self = Self {
        priority: Priority::SHEDDABLE,
        retry: RetryConfig::new()
            .max_attempts(2)
            .base_delay(Duration::from_millis(200))
            .max_elapsed(Duration::from_secs(2))
            .build(),
        breaker: BY_SHARE
            .recovery_timeout(Duration::from_secs(10))
            .ramp_up(Duration::from_secs(10))
            .max_shed(90)
            .build(),
    };

    /// Nobody waits: it runs again anyway. It is tried once, gives way first, and comes back
    /// last, not in step with others.
    pub const BACKGROUND: Self = Self {
        priority: Priority::BACKGROUND,
        retry: RetryConfig::new().max_attempts(1).build(),
        breaker: BreakerConfig::new()
            .failure_threshold(3)
            .recovery_timeout(Duration::from_secs(30))
            .doublings(4)
            .recovery_jitter(20)
            .ramp_up(Duration::from_secs(60))
            .ramp_from(5)
            .max_shed(99)
            .build(),
    };
}
