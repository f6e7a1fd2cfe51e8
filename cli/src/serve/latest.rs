//! The last reading of the panel, which all pages show.

use std::{path::Path, sync::Arc};

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    alerts,
    args::Serve,
    failure::Failure,
    fleet::{self, store::Way, watcher::Watcher},
    overview::{History, Overview},
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
    history: History,
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
            history: History::new(source.capacity(), rules),
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
                self.history.restart(self.source.capacity());
                None
            }
            Err(failure) => Some(failure.to_string()),
        };
        self.history.observe(&self.source);
        let overview = self.history.overview();
        Latest {
            at: Timestamp::now(),
            status: status(&overview, problem.is_some(), self.down_below),
            overview,
            problem,
            interval_ms: self.interval_ms,
            fleet: self.watcher.as_ref().map(Watcher::latest),
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
