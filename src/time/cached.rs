//! A clock that is read for the price of one load.

use crate::{
    sync::{Ordering, UnmodelledU64},
    time::{Clock, Tick},
};

/// A clock that shows the time at which it was last refreshed. Reading it costs
/// one atomic load.
///
/// The clock is as fine as the calls of [`refresh_from`](Self::refresh_from)
/// are frequent. Call that from a timer's interrupt or an event loop, or let a
/// thread do it (`keep_fresh`, with `std`). While nobody does, the clock stands
/// still, and an open breaker stays open.
///
/// ```
/// use core::time::Duration;
/// use fusebox::{BreakerConfig, CachedClock, CircuitBreaker, DefaultObserver, StdClock};
///
/// static CLOCK: CachedClock = CachedClock::new();
/// static SHOP: CircuitBreaker<&CachedClock> =
///     CircuitBreaker::with(None, BreakerConfig::new().build(), &CLOCK, DefaultObserver);
///
/// CLOCK.refresh_from(&StdClock); // at every turn of the loop, say
/// assert!(SHOP.try_acquire().is_ok());
/// ```
#[derive(Debug, Default)]
pub struct CachedClock(UnmodelledU64);

impl CachedClock {
    /// Makes a clock at tick 0. Refresh it before the first breaker uses it.
    #[must_use]
    pub const fn new() -> Self {
        Self(UnmodelledU64::new(0))
    }

    /// Sets this clock to the time of `clock`. If several threads do so at
    /// once, the latest time wins, so this clock does not step back.
    pub fn refresh_from(&self, clock: &impl Clock) {
        // A value of its own that publishes nothing: relaxed.
        self.0.fetch_max(clock.now().as_millis(), Ordering::Relaxed);
    }
}

impl Clock for CachedClock {
    #[inline]
    fn now(&self) -> Tick {
        Tick::from_millis(self.0.load(Ordering::Relaxed))
    }
}
