//! The panel's health while the program runs: fusebox's own score and alerts.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use fusebox::{
    global,
    health::{AlertConfig, AlertRules, Monitor, Window},
};
use serde::Serialize;
use tokio::task::JoinHandle;

use crate::{lock, timeline::Timeline};

/// How often the breakers are read. A window is the last three seconds.
const INTERVAL: Duration = Duration::from_millis(100);
const READINGS: usize = 31;

/// The defaults, for a run of seconds instead of hours.
const RULES: AlertRules =
    AlertConfig::new().open_longer_than(Duration::from_secs(1)).least_calls(20).build();

/// What a run's health was.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Vitals {
    pub score_at_end: Option<u8>,
    pub lowest_score: Option<u8>,
    pub lowest_at_ms: u64,
    pub alerts: Vec<Raised>,
}

/// An alert, in its first words, and from when to when it was raised.
#[derive(Clone, Debug, Serialize)]
pub struct Raised {
    pub from_ms: u64,
    pub to_ms: u64,
    pub kind: &'static str,
    pub breaker: Option<String>,
    pub text: String,
}

/// Reads the breakers until it is asked for what it found.
pub struct Watcher {
    task: JoinHandle<()>,
    state: Arc<Mutex<State>>,
    timeline: &'static Timeline,
}

struct State {
    monitor: Monitor<READINGS, Vec<Window<READINGS>>>,
    vitals: Vitals,
    raised: BTreeMap<(&'static str, Option<String>), Raised>,
}

impl Watcher {
    pub fn start(timeline: &'static Timeline) -> Self {
        let monitor = Monitor::new(vec![Window::new(); global().capacity()]);
        let (vitals, raised) = (Vitals::default(), BTreeMap::new());
        let state = Arc::new(Mutex::new(State { monitor, vitals, raised }));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(INTERVAL);
            loop {
                ticks.tick().await;
                lock(&shared).read(timeline);
            }
        });
        Self { task, state, timeline }
    }

    pub fn finish(self) -> Vitals {
        self.task.abort();
        let mut state = lock(&self.state);
        // Twice: a change made elsewhere shows at the second look.
        state.read(self.timeline);
        state.read(self.timeline);
        let mut vitals = state.vitals.clone();
        vitals.score_at_end = state.monitor.score();
        vitals.alerts = state.raised.values().cloned().collect();
        vitals.alerts.sort_by_key(|alert| alert.from_ms);
        vitals
    }
}

impl State {
    fn read(&mut self, timeline: &Timeline) {
        let readings: Vec<_> = global().panel().readings().collect();
        for (_, reading) in &readings {
            timeline.look(reading);
        }
        self.monitor.observe(readings);
        let (at_ms, score) = (timeline.elapsed_ms(), self.monitor.score());
        if score.is_some() && self.vitals.lowest_score.is_none_or(|lowest| score < Some(lowest)) {
            (self.vitals.lowest_score, self.vitals.lowest_at_ms) = (score, at_ms);
        }
        for alert in self.monitor.alerts(RULES) {
            let breaker = alert.breaker().map(|name| name.as_str().to_owned());
            let raised = self.raised.entry((alert.kind(), breaker.clone())).or_insert_with(|| {
                let (kind, text) = (alert.kind(), alert.to_string());
                Raised { from_ms: at_ms, to_ms: at_ms, kind, breaker, text }
            });
            raised.to_ms = at_ms;
        }
    }
}
