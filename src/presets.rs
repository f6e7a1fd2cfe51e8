//! Settings for common cases.

mod operation;

use core::time::Duration;

pub use operation::Operation;

#[cfg(not(fusebox_compact))]
use crate::breaker::ratio::Ratio;
use crate::{
    breaker::settings::{BreakerConfig, BreakerSettings},
    fallback::{
        Fallback,
        chain::{NoLayer, Then},
        step::Or,
    },
    limit::{
        budget::settings::{BudgetConfig, BudgetSettings},
        hedge::settings::{QuantileConfig, QuantileSettings},
        rate::settings::{RateConfig, RateSettings},
    },
    retry::settings::{RetryConfig, RetrySettings},
};

/// Settings for calls to a service over the network: 3 attempts, 1 s before the
/// second.
pub const EXTERNAL_CALL: RetrySettings =
    RetryConfig::new().max_attempts(3).base_delay(Duration::from_secs(1)).build();

/// Settings for the budget of the retries of calls over the network: a tenth of the calls,
/// and one a second besides.
///
/// While a service is down, it gets 1.1 times the calls at most, where three attempts each
/// would be three times as many. The one a second is for programs that call seldom: a
/// tenth of few calls is none. A burst of 10 lets a short outage be tried through.
///
/// ```
/// use fusebox::{Retry, RetryBudget, presets};
///
/// static BUDGET: RetryBudget = RetryBudget::new(presets::EXTERNAL_BUDGET);
/// static RETRY: Retry = Retry::new(presets::EXTERNAL_CALL);
///
/// assert_eq!(RETRY.budget(&BUDGET).call(|| "42".parse::<u32>()), Ok(42));
/// assert_eq!(BUDGET.available(), 10);
/// ```
pub const EXTERNAL_BUDGET: BudgetSettings =
    BudgetConfig::share(0.10).reserve_per_second(1).burst(10).build();

/// Settings for the rate of calls to an HTTP API that allows 10 in a second: 2 at once, and
/// 8 a second after that. In any second these are 10 at most, wherever the API's own
/// seconds begin. A larger burst would leave less for the rate.
///
/// An API with another quota differs in the numbers alone.
///
/// ```
/// use fusebox::{RateConfig, RateLimit, RateSettings, presets};
///
/// static QUOTA: RateLimit = RateLimit::named("api", presets::EXTERNAL_RATE);
/// assert!(QUOTA.acquire_n(2).is_ok());
///
/// // One that allows 50.
/// const FIFTY: RateSettings = RateConfig::per_second(45).burst(5).build();
/// # let _ = FIFTY;
/// ```
pub const EXTERNAL_RATE: RateSettings = RateConfig::per_second(8).burst(2).build();

/// Settings for the rate of calls to an AI provider that allows 60 requests a minute: 10
/// at once, and 50 a minute after that. In any minute these are 60 at most.
///
/// What exceeds a quota is answered with a 429, which often counts against the quota, too.
/// So a call waits better here than there. A quota of tokens is a limit of its own:
/// [`acquire_n`](crate::RateLimit::acquire_n) takes as many as a request has.
///
/// ```
/// use fusebox::{RateLimit, presets};
///
/// static REQUESTS: RateLimit = RateLimit::named("model", presets::AI_REQUESTS);
/// assert!(REQUESTS.acquire_n(10).is_ok());
/// let wait = REQUESTS.try_acquire().unwrap_err().retry_after().unwrap();
/// assert!(wait.as_secs_f64() <= 1.2);
/// ```
pub const AI_REQUESTS: RateSettings = RateConfig::per_minute(50).burst(10).build();

/// How many calls to an AI provider may be in flight: 16. An answer takes seconds, so a
/// provider that hangs keeps whatever waits for it; more than that is better told at once.
///
/// ```
/// use fusebox::{Bulkhead, presets};
///
/// static MODEL: Bulkhead = Bulkhead::named("model", presets::AI_IN_FLIGHT);
/// assert!(MODEL.try_acquire().is_ok());
/// ```
pub const AI_IN_FLIGHT: u32 = 16;

/// How many calls may be in flight to a database through a pool of this many connections:
/// twice as many. One half works, and the other waits for a connection for about as long as
/// a query takes. What comes beyond that would wait longer than it is worth, and hold a
/// thread or a task meanwhile.
///
/// ```
/// use fusebox::{Bulkhead, presets};
///
/// const CONNECTIONS: u32 = 10; // what the pool was given
/// static DATABASE: Bulkhead = Bulkhead::named("db", presets::pool_in_flight(CONNECTIONS));
/// assert_eq!(DATABASE.limit(), Some(20));
/// ```
#[must_use]
pub const fn pool_in_flight(connections: u32) -> u32 {
    connections.saturating_mul(2)
}

/// Settings for the delay of a hedge around calls over the network, which is learned from
/// the calls: 98.5 of 100 are done before it. So a second call is made for about 1.5 % of
/// the calls, and the slowest hundredth is cut. The delay is 10 ms at least, as a hedge
/// that comes within a round trip only adds load, and a second at most.
///
/// Give the hedge a budget, such as one of [`EXTERNAL_BUDGET`]: then a service that gets
/// slow as a whole is not asked twice as much.
///
/// ```
/// use fusebox::{LatencyQuantile, presets};
///
/// static SLOW: LatencyQuantile = LatencyQuantile::new(presets::HEDGE);
/// # let _ = &SLOW;
/// ```
///
/// With the feature `tokio`, the hedge is `Hedge::new(&SLOW).budget(&BUDGET)`.
pub const HEDGE: QuantileSettings = QuantileConfig::new()
    .thousandths(985)
    .at_least(Duration::from_millis(10))
    .at_most(Duration::from_secs(1))
    .build();

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
