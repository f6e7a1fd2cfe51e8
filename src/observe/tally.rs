//! What the policies around a breaker did for its calls.

use crate::observe::{Counter, Event, Observer};

/// What the policies around a breaker did for its calls: retries, retries that
/// gave up, fallbacks.
///
/// A [`Pipeline`](crate::Pipeline) and a function under several attributes
/// count here by themselves, on the first breaker that they name. For a retry
/// or a fallback of your own it is an [`Observer`]:
///
/// ```
/// use fusebox::{BreakerConfig, CircuitBreaker, DefaultObserver, ManualClock, Retry, RetryConfig};
///
/// static AI: CircuitBreaker = CircuitBreaker::named("ai", BreakerConfig::new().build());
/// let clock = ManualClock::new();
/// let observer = (DefaultObserver, AI.tally());
/// let retry = Retry::with(RetryConfig::new().max_attempts(2).build(), &clock, &clock, observer);
///
/// assert!(retry.call(|| AI.call(|| Err::<(), _>("down"))).is_err());
/// assert_eq!((AI.counters().retries, AI.counters().exhausted), (1, 1));
/// ```
#[derive(Debug)]
#[repr(C)]
pub struct Tally {
    pub(crate) retries: Counter,
    pub(crate) exhausted: Counter,
    pub(crate) fallbacks: Counter,
}

impl Tally {
    pub(crate) const fn new() -> Self {
        Self { retries: Counter::new(), exhausted: Counter::new(), fallbacks: Counter::new() }
    }
}

impl Observer for Tally {
    fn on_event(&self, event: &Event<'_>) {
        match event {
            Event::Retry(_) => self.retries.add_one(),
            Event::Exhausted(_) => self.exhausted.add_one(),
            Event::Fallback(_) => self.fallbacks.add_one(),
            Event::Transition(_)
            | Event::Rejection(_)
            | Event::Misconfigured(_)
            | Event::Limited(_)
            | Event::Learned(_)
            | Event::Foreseen(_)
            | Event::Tuned(_)
            | Event::Failover(_)
            | Event::Call(_)
            | Event::Drill(_) => {}
        }
    }
}
