//! What breakers took the answers of their calls for.

use std::sync::Mutex;

use fusebox::{BreakerConfig, CircuitBreaker, Event, Observer, Outcome, StdClock, TimeCalls};

/// Writes down what became of each call.
#[derive(Debug, Default)]
pub(crate) struct Outcomes(Mutex<Vec<Outcome>>);

impl Outcomes {
    /// Forgets what it returns.
    pub(crate) fn take(&self) -> Vec<Outcome> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Observer for Outcomes {
    fn on_event(&self, event: &Event<'_>) {
        if let Event::Call(it) = event {
            self.0.lock().unwrap().push(it.outcome);
        }
    }
}

/// A breaker that never opens in a test.
pub(crate) type Watched = CircuitBreaker<StdClock, TimeCalls<Outcomes>>;

pub(crate) fn watched() -> Watched {
    let settings = BreakerConfig::new().failure_threshold(2_047).build();
    CircuitBreaker::with(None, settings, StdClock, TimeCalls(Outcomes::default()))
}

/// What it made of its calls so far; forgets them.
pub(crate) fn outcomes(breaker: &Watched) -> Vec<Outcome> {
    breaker.observer().0.take()
}
