//! The one place where the two runs differ: how a call is guarded.

use std::{
    cell::Cell,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use fusebox::{
    BreakerConfig, BreakerSettings, CallError, CircuitBreaker, Event, Fallback, LastGood, Name,
    Observer, Pipeline, Priority, Retry, RetryConfig, State, StdClock,
};

use crate::server::QUESTIONS;

/// How a caller waits at most for an answer, in both runs.
pub const CALL_TIMEOUT: Duration = Duration::from_millis(250);

/// So long the breaker takes to let all calls back after the outage; those that matter
/// most come first.
pub const RAMP_UP: Duration = Duration::from_millis(500);

const SETTINGS: BreakerSettings = BreakerConfig::new()
    .failure_threshold(5)
    .recovery_timeout(Duration::from_millis(250))
    .ramp_up(RAMP_UP)
    .ramp_from(25)
    .build();

/// Inside the breaker: one more attempt, soon. Not after a timeout: who has
/// waited that long should not wait as long again.
const RETRY: Retry =
    Retry::new(RetryConfig::new().max_attempts(2).base_delay(Duration::from_millis(10)).build());

/// Why the server gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallFailure {
    /// It is in trouble, and took all the time there was.
    TimedOut,
    /// It is in trouble: it refused, broke off or answered 5xx.
    Outage,
    /// It is well, and knows no such item (404).
    NoSuchItem,
}

impl CallFailure {
    #[allow(clippy::trivially_copy_pass_by_ref)] // as a predicate of errors is
    fn is_outage(&self) -> bool {
        *self != Self::NoSuchItem
    }
}

/// What a caller got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The server's own, be it "no such item".
    Served,
    /// The last good one, from a fallback: known, and not fresh.
    Stale,
    /// The call was made and failed.
    Failed,
    /// The breaker turned the call away at once, and no answer was known yet.
    Rejected,
}

/// How calls are guarded.
pub enum Guard {
    Bare,
    Fusebox { breaker: Box<CircuitBreaker<StdClock, Timeline>>, latest: Vec<LastGood<u64>> },
}

impl Guard {
    pub fn bare() -> Self {
        Self::Bare
    }

    pub fn fusebox() -> Self {
        let name = Some(Name::new("shop"));
        let breaker = CircuitBreaker::with(name, SETTINGS, StdClock, Timeline::new());
        let latest = (0..QUESTIONS).map(|_| LastGood::new()).collect();
        Self::Fusebox { breaker: Box::new(breaker), latest }
    }

    pub fn label(&self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Fusebox { .. } => "fusebox",
        }
    }

    /// Asks for the price of item `id` as this run guards it.
    pub fn call(
        &self,
        id: u32,
        priority: Priority,
        ask: impl FnMut(&u32) -> Result<u64, CallFailure>,
    ) -> Answer {
        let mut ask = ask;
        let Self::Fusebox { breaker, latest } = self else {
            return match ask(&id) {
                Ok(_) | Err(CallFailure::NoSuchItem) => Answer::Served,
                Err(_) => Answer::Failed,
            };
        };
        // fallback(priority(breaker(retry(ask)))): a value of a few words, so that each
        // item can have its own fallback.
        let used = FallbackUse::default();
        let last_good = Fallback::new().or_last_good(&latest[id as usize]).observer(&used);
        let pipeline = Pipeline::new()
            .fallback(last_good)
            .priority(priority)
            .breaker_counting(breaker, CallFailure::is_outage)
            .retry(RETRY.retry_if(|error: &CallError<CallFailure>| {
                matches!(error, CallError::Failed(CallFailure::Outage))
            }));
        match pipeline.call(&id, ask) {
            Ok(_) if used.0.get() => Answer::Stale,
            Ok(_) | Err(CallError::Failed(CallFailure::NoSuchItem)) => Answer::Served,
            Err(CallError::Rejected(_)) => Answer::Rejected,
            Err(_) => Answer::Failed,
        }
    }

    pub fn state(&self) -> Option<State> {
        match self {
            Self::Bare => None,
            Self::Fusebox { breaker, .. } => Some(breaker.state()),
        }
    }

    /// The breaker's changes of state.
    pub fn changes(&self) -> Vec<Change> {
        match self {
            Self::Bare => Vec::new(),
            Self::Fusebox { breaker, .. } => breaker.observer().changes(),
        }
    }

    /// Takes the time from here on.
    pub fn start(&self, at: Instant) {
        if let Self::Fusebox { breaker, .. } = self {
            *lock(&breaker.observer().start) = at;
        }
    }
}

/// Whether a fallback answered.
#[derive(Default)]
struct FallbackUse(Cell<bool>);

impl Observer for FallbackUse {
    fn on_event(&self, event: &Event<'_>) {
        if let Event::Fallback(used) = event {
            self.0.set(used.layer.is_some());
        }
    }
}

/// A change of state, and when.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    pub at_ms: u64,
    pub to: State,
}

/// Writes the breaker's transitions down.
pub struct Timeline {
    start: Mutex<Instant>,
    changes: Mutex<Vec<Change>>,
}

impl Timeline {
    fn new() -> Self {
        Self { start: Mutex::new(Instant::now()), changes: Mutex::default() }
    }

    fn changes(&self) -> Vec<Change> {
        lock(&self.changes).clone()
    }
}

impl Observer for Timeline {
    fn on_event(&self, event: &Event<'_>) {
        if let Event::Transition(transition) = event {
            let at_ms = u64::try_from(lock(&self.start).elapsed().as_millis()).unwrap_or(u64::MAX);
            lock(&self.changes).push(Change { at_ms, to: transition.to });
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
