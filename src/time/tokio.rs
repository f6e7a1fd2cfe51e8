//! Time and waiting as tokio has them.

use core::time::Duration;
use std::{sync::OnceLock, time::Instant};

use crate::time::{AsyncSleep, Clock, ConstDefault, StdSleep, Tick};

/// tokio's clock, which stands still where `tokio::time::pause` has stopped it, and
/// moves with `advance`. Tests of breakers and of `max_elapsed` then wait for
/// nothing, as the delays of [`StdSleep`](crate::StdSleep) do not either.
///
/// It counts from a day before its first use in the process: paused runtimes may
/// begin a little earlier than others. With a runtime that is not paused, it is
/// like [`PreciseClock`](crate::PreciseClock), with another origin.
///
/// ```
/// use std::time::Duration;
/// use fusebox::{
///     BreakerConfig, CircuitBreaker, DefaultObserver, Retry, RetryConfig, StdSleep, TokioClock,
/// };
///
/// # let mut runtime = tokio::runtime::Builder::new_current_thread();
/// # runtime.enable_time().start_paused(true).build().unwrap().block_on(async {
/// let settings = BreakerConfig::new().failure_threshold(1).build();
/// let shop = CircuitBreaker::with(None, settings, TokioClock, DefaultObserver);
/// shop.trip();
/// tokio::time::advance(settings.recovery_timeout()).await;
/// assert!(shop.would_admit());
///
/// let settings = RetryConfig::new().unlimited().max_elapsed(Duration::from_secs(3600)).build();
/// let retry = Retry::with(settings, TokioClock, StdSleep, DefaultObserver);
/// assert!(retry.call_async(async || Err::<(), _>("down")).await.is_err()); // at once
/// # });
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct TokioClock;

impl ConstDefault for TokioClock {
    const DEFAULT: Self = Self;
}

impl Clock for TokioClock {
    fn now(&self) -> Tick {
        Tick::from_millis(u64::try_from(self.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    fn elapsed(&self) -> Duration {
        const DAY: Duration = Duration::from_hours(24);
        static ORIGIN: OnceLock<Instant> = OnceLock::new();
        let origin = *ORIGIN.get_or_init(Instant::now);
        let now = tokio::time::Instant::now().into_std();
        match now.checked_duration_since(origin) {
            Some(since) => DAY + since,
            None => DAY.saturating_sub(origin.duration_since(now)),
        }
    }
}

impl AsyncSleep for StdSleep {
    type Sleep = tokio::time::Sleep;

    /// # Panics
    /// Outside of a tokio runtime with its timer enabled.
    fn sleep_async(&self, delay: Duration) -> tokio::time::Sleep {
        tokio::time::sleep(delay)
    }
}
