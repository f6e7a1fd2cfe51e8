//! The one place where the two runs differ: how a call is guarded.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use fusebox::{
    BreakerConfig, CallError, CircuitBreaker, Event, Name, Observer, Settings, State, StdClock,
};

/// How a caller waits at most for an answer, in both runs.
pub const CALL_TIMEOUT: Duration = Duration::from_millis(250);

const SETTINGS: Settings =
    BreakerConfig::new().failure_threshold(5).recovery_timeout(Duration::from_millis(250)).build();

/// Why the server gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallFailure {
    /// It is in trouble: it timed out, refused, broke off or answered 5xx.
    Outage,
    /// It is well, and knows no such item (404).
    NoSuchItem,
}

impl CallFailure {
    #[allow(clippy::trivially_copy_pass_by_ref)] // as a predicate of errors is
    fn is_outage(&self) -> bool {
        *self == Self::Outage
    }
}

/// What a caller got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The server's own, be it "no such item".
    Served,
    /// The call was made and failed.
    Failed,
    /// The breaker turned the call away at once.
    Rejected,
}

/// How calls are guarded.
pub enum Guard {
    Bare,
    Fusebox(Box<CircuitBreaker<StdClock, Timeline>>),
}

impl Guard {
    pub fn bare() -> Self {
        Self::Bare
    }

    pub fn fusebox() -> Self {
        let name = Some(Name::new("shop"));
        Self::Fusebox(Box::new(CircuitBreaker::with(name, SETTINGS, StdClock, Timeline::new())))
    }

    pub fn label(&self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Fusebox(_) => "fusebox",
        }
    }

    /// Calls `ask` as this run guards it.
    pub fn call(&self, ask: impl FnOnce() -> Result<(), CallFailure>) -> Answer {
        let result = match self {
            Self::Bare => ask().map_err(CallError::Failed),
            Self::Fusebox(breaker) => breaker.call_if(CallFailure::is_outage, ask),
        };
        match result {
            Ok(()) | Err(CallError::Failed(CallFailure::NoSuchItem)) => Answer::Served,
            Err(CallError::Rejected(_)) => Answer::Rejected,
            Err(_) => Answer::Failed,
        }
    }

    pub fn state(&self) -> Option<State> {
        match self {
            Self::Bare => None,
            Self::Fusebox(breaker) => Some(breaker.state()),
        }
    }

    /// The breaker's changes of state.
    pub fn changes(&self) -> Vec<Change> {
        match self {
            Self::Bare => Vec::new(),
            Self::Fusebox(breaker) => breaker.observer().changes(),
        }
    }

    /// Takes the time from here on.
    pub fn start(&self, at: Instant) {
        if let Self::Fusebox(breaker) = self {
            *lock(&breaker.observer().start) = at;
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
