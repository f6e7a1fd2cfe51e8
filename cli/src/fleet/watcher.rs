//! Looks into the store again and again, on a thread of its own: nobody waits for it.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError, Weak},
    thread,
    time::{Duration, Instant},
};

use fusebox_fleet::RedisStore;

use crate::{
    failure::Failure,
    fleet::{alerts::FleetAlerts, store::Way, view::View},
    overview::Told,
};

/// What the last look into the store showed.
#[derive(Debug, Clone, Default)]
pub struct Latest {
    /// What all say; the last that was read.
    pub view: View,
    /// Why the store cannot be read now.
    pub problem: Option<String>,
    /// What somebody should be told.
    pub alerts: Vec<Told>,
    /// When it was read last.
    pub read: Option<Instant>,
}

/// Looks into the store as long as it lives.
#[derive(Debug)]
pub struct Watcher(Arc<Mutex<Arc<Latest>>>);

impl Watcher {
    /// Begins, and looks this often.
    ///
    /// # Errors
    /// [`Failure`] where there is no thread to be had.
    pub fn start(way: Way, open_above: u8, interval: Duration) -> Result<Self, Failure> {
        let shared = Arc::new(Mutex::new(Arc::default()));
        let weak = Arc::downgrade(&shared);
        let alerts = FleetAlerts::new(open_above, way.config.lives());
        let spawned: io::Result<_> = thread::Builder::new()
            .name("fleet".into())
            .spawn(move || watch(&weak, &way, alerts, interval));
        spawned.map_err(|error| Failure::because(format!("cannot start a thread: {error}")))?;
        Ok(Self(shared))
    }

    /// What the last look showed.
    #[must_use]
    pub fn latest(&self) -> Arc<Latest> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn watch(
    shared: &Weak<Mutex<Arc<Latest>>>,
    way: &Way,
    mut alerts: FleetAlerts,
    interval: Duration,
) {
    let mut store = None;
    let mut latest = Latest::default();
    loop {
        let began = Instant::now();
        match look(way, &mut store) {
            Ok(view) => {
                (latest.view, latest.problem) = (view, None);
                latest.read = Some(Instant::now());
            }
            Err(failure) => {
                store = None;
                latest.problem = Some(failure.to_string());
            }
        }
        latest.alerts = alerts.of(&latest.view, latest.problem.as_deref(), Instant::now());
        // Nobody wants to know any more.
        let Some(shared) = shared.upgrade() else { return };
        *shared.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(latest.clone());
        drop(shared);
        thread::sleep(interval.saturating_sub(began.elapsed()));
    }
}

fn look(way: &Way, store: &mut Option<RedisStore>) -> Result<View, Failure> {
    match store {
        Some(store) => way.look(store),
        None => way.look(store.insert(way.connect()?)),
    }
}
