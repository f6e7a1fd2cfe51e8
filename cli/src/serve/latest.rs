//! The last reading of the panel, which all pages show.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    alerts,
    args::Serve,
    failure::Failure,
    fleet::{self, store::Way, watcher::Watcher},
    overview::{History as Window, Overview},
    serve::history::History,
    source::Source,
};

/// The last reading of the panel.
#[derive(Debug)]
pub(super) struct Latest {
    pub(super) at: Timestamp,
    /// Of the last reading that could be taken.
    pub(super) overview: Overview,
    /// Why none can be taken now.
    pub(super) problem: Option<String>,
    pub(super) status: Status,
    pub(super) interval_ms: u64,
    /// What is known of the fleet, where one is watched. It changes no status.
    pub(super) fleet: Option<Arc<fleet::watcher::Latest>>,
    /// It goes on under all readings: none has one of its own.
    history: Arc<Mutex<History>>,
}

impl Latest {
    /// The last hour of each breaker.
    pub(super) fn history(&self) -> MutexGuard<'_, History> {
        lock(&self.history)
    }
}

/// No step of a history can panic half-way: a poisoned one is as good as any.
fn lock(history: &Mutex<History>) -> MutexGuard<'_, History> {
    history.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What `/health` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    Ok,
    /// An alert, a breaker that turns calls away, or one with a fault.
    Degraded,
    /// The score is too low, or the file cannot be read.
    Down,
}

/// Takes readings.
pub(super) struct Sampler {
    source: Source,
    window: Window,
    history: Arc<Mutex<History>>,
    down_below: u8,
    interval_ms: u64,
    watcher: Option<Watcher>,
}

impl Sampler {
    pub(super) fn start(panel: &Path, serve: &Serve) -> Result<Self, Failure> {
        let rules = alerts::rules(&serve.alerts.rules)?;
        let source = Source::read(panel)?;
        source.warn();
        let watch = |way| Watcher::start(way, serve.fleet_open_above, serve.interval);
        let watcher = Way::named(&serve.store)?.map(watch).transpose()?;
        Ok(Self {
            watcher,
            window: Window::new(source.capacity(), rules),
            history: Arc::new(Mutex::new(History::new(serve.interval, Instant::now()))),
            source,
            down_below: serve.down_below,
            interval_ms: u64::try_from(serve.interval.as_millis()).unwrap_or(u64::MAX),
        })
    }

    pub(super) fn sample(&mut self) -> Latest {
        let problem = match self.source.renewed() {
            Ok(None) => None,
            Ok(Some(renewed)) => {
                self.source = renewed;
                self.window.restart(self.source.capacity());
                lock(&self.history).restart();
                None
            }
            Err(failure) => Some(failure.to_string()),
        };
        self.window.observe(&self.source);
        let overview = self.window.overview();
        // Of a file that cannot be read nobody knows how its breakers are.
        if problem.is_none() {
            lock(&self.history).observe(&overview.rows, Instant::now());
        }
        Latest {
            at: Timestamp::now(),
            status: status(&overview, problem.is_some(), self.down_below),
            overview,
            problem,
            interval_ms: self.interval_ms,
            fleet: self.watcher.as_ref().map(Watcher::latest),
            history: Arc::clone(&self.history),
        }
    }
}

fn status(overview: &Overview, unreadable: bool, down_below: u8) -> Status {
    if unreadable || overview.score.is_some_and(|score| score < down_below) {
        Status::Down
    } else if !overview.alerts.is_empty()
        || overview.rows.iter().any(|row| row.turns_away() || row.reading.fault.is_some())
    {
        Status::Degraded
    } else {
        Status::Ok
    }
}
