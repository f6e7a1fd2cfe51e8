//! When each breaker changed its state.

use std::{sync::Mutex, time::Instant};

use fusebox::{Event, Observer, Reading, State, Transition};
use serde::Serialize;

use crate::lock;

/// A change of state.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    pub at_ms: u64,
    pub breaker: String,
    pub to: String,
    /// Whether somebody forced it.
    pub forced: bool,
    #[serde(skip)]
    generation: u16,
}

/// Hears of the changes that happen in this process, as the process's observer,
/// and finds those that another one made by looking at the breakers.
pub struct Timeline {
    start: Instant,
    /// When each round began.
    rounds: Mutex<Vec<u64>>,
    changes: Mutex<Vec<Change>>,
    /// Changes that nobody told of yet; told of late, they are our own.
    unheard: Mutex<Vec<(String, u16)>>,
}

impl Timeline {
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
            rounds: Mutex::default(),
            changes: Mutex::default(),
            unheard: Mutex::default(),
        }
    }

    /// A round begins.
    pub fn enter(&self) {
        let at_ms = self.elapsed_ms();
        lock(&self.rounds).push(at_ms);
    }

    pub fn rounds(&self) -> Vec<u64> {
        lock(&self.rounds).clone()
    }

    pub fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub fn changes(&self) -> Vec<Change> {
        lock(&self.changes).clone()
    }

    fn note(&self, breaker: &str, to: State, forced: bool, generation: u16) {
        let change = Change {
            at_ms: self.elapsed_ms(),
            breaker: breaker.to_owned(),
            to: to.to_string(),
            forced,
            generation,
        };
        lock(&self.changes).push(change);
    }

    /// Looks at a breaker. A change of which nobody told by the second look is
    /// another process's.
    pub fn look(&self, reading: &Reading) {
        let Some(name) = reading.name else { return };
        let (name, generation) = (name.as_str(), reading.snapshot.generation);
        let last = lock(&self.changes).iter().rev().find(|it| it.breaker == name).cloned();
        let unheard = match last {
            Some(last) => last.generation != generation,
            None => reading.snapshot.state == State::ForcedOpen,
        };
        let key = (name.to_owned(), generation);
        let mut waiting = lock(&self.unheard);
        let waited = waiting.contains(&key);
        waiting.retain(|(breaker, _)| breaker != name);
        if unheard && waited {
            drop(waiting);
            self.note(name, reading.snapshot.state, true, generation);
        } else if unheard {
            waiting.push(key);
        }
    }
}

impl Observer for Timeline {
    fn on_event(&self, event: &Event<'_>) {
        if let Event::Transition(Transition { breaker, to, forced, generation, .. }) = *event {
            self.note(breaker.unwrap_or("?"), to, forced, generation);
        }
    }
}
