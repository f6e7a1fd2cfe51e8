//! `/panel.json`: what the page shows.

use std::sync::Arc;

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use fusebox::{DrillReading, Learned, Reading, ShadowReading};
use serde::Serialize;
use tokio::sync::watch;

use crate::{
    fleet::json::Part,
    json::{self, Breaker},
    overview::{Row, Told},
    pressure,
    serve::latest::{Latest, Status},
    text,
};

#[derive(Serialize)]
struct Panel<'a> {
    at: String,
    interval_ms: u64,
    status: Status,
    problem: &'a Option<String>,
    score: Option<u8>,
    capacity: usize,
    alerts: &'a [Told],
    /// `null` where nobody samples it.
    pressure: Option<pressure::Json>,
    tuning_frozen: bool,
    breakers: Vec<Shown<'a>>,
    /// `null` where no fleet is watched.
    fleet: Option<Part<'a>>,
}

#[derive(Serialize)]
struct Shown<'a> {
    slot: usize,
    /// The name, escaped.
    label: &'a str,
    #[serde(flatten)]
    breaker: Breaker<'a>,
    failures_per_second: f64,
    rejections_per_second: f64,
    /// `null` where calls are not counted.
    calls_per_second: Option<f64>,
    /// `null` where there are no limits.
    limited_per_second: Option<f64>,
    /// Failures and rejections between each reading and the next; empty where
    /// there were none.
    trouble: &'a [u64],
    words: Words,
}

/// What is under way on a breaker, and what is known of it, as a reader is told.
#[derive(Serialize)]
struct Words {
    drill: Option<String>,
    /// `null` where it does not look ahead, or nothing is to be seen.
    risk: Option<String>,
    learned: Option<String>,
    shadow: Option<String>,
}

impl Words {
    fn new(reading: &Reading) -> Self {
        let learned = reading.learned;
        let shadow = |it: ShadowReading| {
            let ShadowReading { snapshot, saved, lost, unknown, .. } = it;
            let state = snapshot.state;
            format!("{state}, would have saved {saved} calls and lost {lost}; {unknown} unknown")
        };
        Self {
            drill: reading.drill.map(drill_in_words),
            risk: (reading.risk.percent() > 0).then(|| reading.risk.to_string()),
            learned: (learned != Learned::default()).then(|| learned.to_string()),
            shadow: reading.shadow.map(shadow),
        }
    }
}

/// A drill is shown by the time that is left, as a reader is told it.
fn drill_in_words(reading: DrillReading) -> String {
    let lasts = format!("for {:?}", reading.drill.lasts());
    reading.to_string().replacen(&lasts, &format!("{} left", text::short(reading.left)), 1)
}

impl<'a> Shown<'a> {
    fn new(row: &'a Row) -> Self {
        let quiet = row.trouble.iter().all(|&number| number == 0);
        Self {
            slot: row.slot,
            label: &row.label,
            breaker: Breaker::new(&row.reading, row.score, row.limits.as_ref()),
            failures_per_second: row.failures(),
            rejections_per_second: row.rejections(),
            calls_per_second: row.calls(),
            limited_per_second: row.limited(),
            trouble: if quiet { &[] } else { &row.trouble },
            words: Words::new(&row.reading),
        }
    }
}

pub(super) async fn get(State(latest): State<watch::Receiver<Arc<Latest>>>) -> Response {
    let latest = Arc::clone(&latest.borrow());
    let panel = Panel {
        at: format!("{:.3}", latest.at),
        interval_ms: latest.interval_ms,
        status: latest.status,
        problem: &latest.problem,
        score: latest.overview.score,
        capacity: latest.overview.capacity,
        alerts: &latest.overview.alerts,
        pressure: latest.overview.pressure.map(Into::into),
        tuning_frozen: latest.overview.tuning_frozen,
        breakers: latest.overview.rows.iter().map(Shown::new).collect(),
        fleet: latest.fleet.as_deref().map(Part::new),
    };
    ([(header::CONTENT_TYPE, "application/json")], json::line(&panel)).into_response()
}
