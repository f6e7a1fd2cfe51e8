//! Telling of every call, for whoever wants to pay for it.

use crate::{
    observe::{DefaultObserver, Event, Observer, trace::Trace},
    time::ConstDefault,
};

/// An observer that has a breaker measure each call and tell of it by an
/// [`Event::Call`], which the observer inside hears.
///
/// A call then reads the clock twice ([`Clock::elapsed`](crate::Clock::elapsed)),
/// and calls the observer at its end. It is so for calls that the breaker makes
/// itself: closures, futures, pipelines, services. One that is made under a
/// [`Permit`](crate::Permit) of your own, you measure yourself.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use fusebox::{BreakerConfig, CircuitBreaker, Event, Observer, StdClock, TimeCalls};
///
/// /// The time of all calls so far, in nanoseconds.
/// static TOTAL: AtomicU64 = AtomicU64::new(0);
///
/// struct Meter;
/// impl Observer for Meter {
///     fn on_event(&self, event: &Event<'_>) {
///         if let Event::Call(it) = event {
///             let nanos = u64::try_from(it.duration.as_nanos()).unwrap_or(u64::MAX);
///             TOTAL.fetch_add(nanos, Ordering::Relaxed);
///         }
///     }
/// }
/// static SHOP: CircuitBreaker<StdClock, TimeCalls<Meter>> =
///     CircuitBreaker::with(None, BreakerConfig::new().build(), StdClock, TimeCalls(Meter));
///
/// SHOP.call(|| Ok::<_, ()>(std::thread::yield_now())).unwrap();
/// assert!(TOTAL.load(Ordering::Relaxed) > 0);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct TimeCalls<O = DefaultObserver>(pub O);

impl<O: Observer> Observer for TimeCalls<O> {
    #[inline]
    fn on_event(&self, event: &Event<'_>) {
        self.0.on_event(event);
    }

    #[inline]
    fn hears_events(&self) -> bool {
        self.0.hears_events()
    }

    #[inline]
    fn counts_calls(&self) -> bool {
        self.0.counts_calls()
    }

    #[inline]
    fn times_calls(&self) -> bool {
        true
    }

    fn trace(&self) -> Option<Trace<'_>> {
        self.0.trace()
    }
}

impl<O: ConstDefault> ConstDefault for TimeCalls<O> {
    const DEFAULT: Self = Self(O::DEFAULT);
}
