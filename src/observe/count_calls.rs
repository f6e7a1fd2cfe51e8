//! Counting every call, for whoever wants to pay for it.

use crate::{
    observe::{DefaultObserver, Event, Observer, trace::Trace},
    time::ConstDefault,
};

/// An observer that makes a breaker count every call that it admits. It hands
/// events on to the observer inside.
///
/// A healthy call then writes to the breaker's memory: the price of one
/// `fetch_add`, uncontended (1.5 ns more than the 0.4 ns of a healthy call), and
/// with two threads that of a cache line that moves from core to core (6 ns
/// more; `cargo bench` has both). It buys rates: without a number of calls
/// nobody can say what share of them needed a fallback. With the feature
/// `count-calls`, [`DefaultObserver`] does the same.
///
/// ```
/// use fusebox::{BreakerConfig, CircuitBreaker, CountCalls, DefaultClock, Registry};
///
/// static PANEL: Registry<16, DefaultClock, CountCalls> = Registry::const_default();
///
/// let ai = PANEL.get_or_register("ai", BreakerConfig::new().build())?;
/// assert!(ai.call(|| Ok::<_, ()>(42)).is_ok());
/// assert_eq!(ai.counters().calls, 1);
/// # Ok::<(), fusebox::RegistryError>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct CountCalls<O = DefaultObserver>(pub O);

impl<O: Observer> Observer for CountCalls<O> {
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
        true
    }

    #[inline]
    fn times_calls(&self) -> bool {
        self.0.times_calls()
    }

    fn trace(&self) -> Option<Trace<'_>> {
        self.0.trace()
    }
}

impl<O: ConstDefault> ConstDefault for CountCalls<O> {
    const DEFAULT: Self = Self(O::DEFAULT);
}
