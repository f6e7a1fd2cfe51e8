//! Settings for common cases.

use core::time::Duration;

#[cfg(not(fusebox_compact))]
use crate::breaker::ratio::Ratio;
use crate::{
    breaker::settings::{BreakerConfig, BreakerSettings},
    fallback::{
        Fallback,
        chain::{NoLayer, Then},
        step::Or,
    },
    retry::settings::{RetryConfig, RetrySettings},
};

/// Settings for calls to a service over the network: 3 attempts, 1 s before the
/// second.
pub const EXTERNAL_CALL: RetrySettings =
    RetryConfig::new().max_attempts(3).base_delay(Duration::from_secs(1)).build();

/// Settings for the breaker of an AI provider: 3 failures open it for 30 s. Where
/// slots are not compact it opens by a share of failures.
#[cfg(fusebox_compact)]
pub const AI_PROVIDER: BreakerSettings =
    BreakerConfig::new().failure_threshold(3).recovery_timeout(Duration::from_secs(30)).build();

/// Settings for the breaker of an AI provider, of which a fifth of the calls may fail
/// on any day. It opens for 30 s where half of them fail, or more, and never for long
/// below a third: after 16 calls in an outage.
///
/// ```
/// use fusebox::presets::AI_PROVIDER;
///
/// let promise = AI_PROVIDER.promise();
/// assert_eq!(promise.mean_calls(1.0).unwrap().round(), 16.0);
/// assert!(promise.mean_calls(0.2).unwrap() > 1e7);
/// ```
#[cfg(not(fusebox_compact))]
pub const AI_PROVIDER: BreakerSettings = BreakerConfig::new()
    .failure_ratio(Ratio::above(0.5).normally(0.2).false_alarm_every(10_000_000))
    .recovery_timeout(Duration::from_secs(30))
    .build();

/// Settings for the breaker of storage, where few calls fail. It opens for 10 s where
/// three in ten fail, or more, and not for long below a seventh: after 7 calls in an
/// outage. Failures of one instant do not open it.
///
/// ```
/// use fusebox::presets::PERSISTENCE;
///
/// let promise = PERSISTENCE.promise();
/// assert!(promise.mean_calls(1.0).unwrap() <= 8.0);
/// assert!(promise.mean_calls(0.05).unwrap() > 1e6);
/// ```
#[cfg(not(fusebox_compact))]
pub const PERSISTENCE: BreakerSettings = BreakerConfig::new()
    .failure_ratio(Ratio::above(0.3).normally(0.05).false_alarm_every(1_000_000))
    .min_span(Duration::from_millis(20))
    .recovery_timeout(Duration::from_secs(10))
    .build();

/// Settings for the breaker of a service that calls go to all the time. It opens for
/// 2 s where half of the calls fail, or more, or take longer than 2 s: after 21 calls in
/// an outage. A fifth of them may fail, for as long as it takes, and it stays closed: to
/// refuse calls would only lose the other four fifths.
///
/// It is the preset that the laboratory (`docs/lab.md`) holds against the field, in
/// every storm.
///
/// ```
/// use fusebox::presets::SERVICE;
///
/// let promise = SERVICE.promise();
/// assert_eq!(promise.mean_calls(1.0).unwrap().round(), 21.0);
/// assert!(promise.mean_calls(0.2).unwrap() >= 1e9);
/// ```
#[cfg(not(fusebox_compact))]
pub const SERVICE: BreakerSettings = BreakerConfig::new()
    .failure_ratio(Ratio::above(0.5).normally(0.2).false_alarm_every(1_000_000_000))
    .recovery_timeout(Duration::from_secs(2))
    .slow_call(Duration::from_secs(2))
    .build();

/// Settings for the breaker of an operation whose every failure is expensive. 2
/// failures open it for 5 minutes, and each failed probe doubles that, up to 40
/// minutes. Up to 10 % are added at random, so that a fleet does not return in
/// step.
pub const EXPENSIVE_CALL: BreakerSettings = BreakerConfig::new()
    .failure_threshold(2)
    .recovery_timeout(Duration::from_mins(5))
    .doublings(3)
    .recovery_jitter(10)
    .build();

/// A fallback for storage that a program can do without. It sends an event and
/// goes on with the default of the value, commonly `()`. What was not saved is
/// the caller's business: see [`Degradation`](crate::Degradation).
///
/// ```
/// use fusebox::presets::persistence;
///
/// fn save(_: &str) -> Result<(), std::io::Error> {
///     Err(std::io::ErrorKind::StorageFull.into())
/// }
/// persistence().named("context store").call("state", save)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use]
pub const fn persistence<A: ?Sized, T: Default, E>() -> Fallback<GoOn<A, T, E>> {
    #[allow(clippy::unnecessary_wraps)] // a layer may fail, this one does not
    fn go_on<A: ?Sized, T: Default, E>(_: &A) -> Result<T, E> {
        Ok(T::default())
    }
    Fallback::new().or(go_on as fn(&A) -> Result<T, E>)
}

/// The type of the layers of [`persistence`].
pub type GoOn<A, T, E> = Then<NoLayer, Or<fn(&A) -> Result<T, E>>>;
