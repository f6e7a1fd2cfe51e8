//! The thread that takes a process's part in its fleet.

use std::{
    fmt, io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Instant,
};

use fusebox::{CircuitBreaker, Clock, Observer};

use crate::{
    config::FleetConfig,
    event::FleetEvent,
    link::Connect,
    quota::Share,
    status::FleetStatus,
    transport::{Store, StoreError},
    turns::Turns,
};

/// One turn of a fleet's task, to be called with the breakers that take part in it.
pub type Turn<'t, C, O> = &'t mut dyn FnMut(&[&CircuitBreaker<C, O>]);

/// A process's part in its fleet: one thread, which ends when this is dropped.
///
/// Only that thread touches the store, so no guarded call waits for it, whatever becomes
/// of it. While the store does not answer, each breaker decides alone.
///
/// ```
/// use std::time::Duration;
/// use fusebox::Registry;
/// use fusebox_fleet::{Fleet, FleetConfig, Simulated};
///
/// static BREAKERS: Registry<8> = Registry::new();
///
/// let config = FleetConfig::new("host-7").build()?;
/// let store = Simulated::new(); // In earnest, a RedisStore.
/// let fleet = Fleet::spawn(
///     config,
///     move || Ok(store.of("host-7")),
///     || BREAKERS.panel().iter(),
///     |event| println!("fleet: {event}"),
/// )?;
/// while !fleet.status().connected {
///     std::thread::sleep(Duration::from_millis(10));
/// }
/// fleet.stop();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Over Redis:
///
/// ```no_run
/// use fusebox_fleet::{Fleet, FleetConfig, RedisSettings, RedisStore};
///
/// let config = FleetConfig::new("host-7").namespace("shop-production").build()?;
/// let redis = RedisSettings::new("redis://:secret@10.0.0.1:6379", &config)?;
/// let fleet = Fleet::spawn(
///     config,
///     move || RedisStore::connect(&redis),
///     || fusebox::global().panel().iter(),
///     |event| eprintln!("fleet: {event}"),
/// )?;
/// # drop(fleet);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Fleet {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    is_over: AtomicBool,
    status: Mutex<FleetStatus>,
    shares: Mutex<Vec<&'static dyn Share>>,
}

impl Fleet {
    /// Begins. `connect` makes a connection to the store, at the beginning and whenever one
    /// was lost; `breakers` gives those that take part, at each turn; `tell` hears of
    /// events. All three run on the fleet's own thread.
    ///
    /// Begin before the first calls: breakers that were open before a restart are so again
    /// for what remains, if the store answers within three heartbeats.
    ///
    /// # Errors
    /// [`io::Error`] where there is no thread to be had.
    pub fn spawn<S, I, C, O>(
        config: FleetConfig,
        connect: impl FnMut() -> Result<S, StoreError> + Send + 'static,
        breakers: impl Fn() -> I + Send + 'static,
        tell: impl FnMut(FleetEvent) + Send + 'static,
    ) -> io::Result<Self>
    where
        S: Store + 'static,
        I: IntoIterator<Item = &'static CircuitBreaker<C, O>>,
        C: Clock + 'static,
        O: Observer + 'static,
    {
        let lend = move |turn: Turn<'_, C, O>| {
            turn(&breakers().into_iter().collect::<Vec<_>>());
        };
        Self::spawn_lending(config, connect, lend, tell)
    }

    /// As [`spawn`](Self::spawn), for breakers that do not live as long as the program, as
    /// those of a panel's file that may be replaced: `lend` calls what it is given once,
    /// with the breakers that take part in this turn.
    ///
    /// # Errors
    /// As [`spawn`](Self::spawn).
    pub fn spawn_lending<S, C, O>(
        config: FleetConfig,
        mut connect: impl FnMut() -> Result<S, StoreError> + Send + 'static,
        lend: impl FnMut(Turn<'_, C, O>) + Send + 'static,
        tell: impl FnMut(FleetEvent) + Send + 'static,
    ) -> io::Result<Self>
    where
        S: Store + 'static,
        C: Clock + 'static,
        O: Observer + 'static,
    {
        let shared = Arc::new(Shared::default());
        let thread = thread::Builder::new().name("fusebox-fleet".into()).spawn({
            let shared = shared.clone();
            move || {
                let connect: Connect = Box::new(move || Ok(Box::new(connect()?)));
                shared.run(Turns::new(config, connect, Box::new(tell)), lend);
            }
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Shares a limit with the fleet from now on: a [`FleetQuota`](crate::FleetQuota), or a
    /// [`FleetBudget`](crate::FleetBudget). It does not wait for the store.
    pub fn share(&self, limit: &'static dyn Share) {
        self.shared.shares().push(limit);
    }

    /// How it stands. It does not wait for the store.
    #[must_use]
    pub fn status(&self) -> FleetStatus {
        self.shared.status().clone()
    }

    /// Whether its thread runs. It ends early where one of the functions that it was given
    /// panics.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.thread.as_ref().is_some_and(|it| !it.is_finished())
    }

    /// Ends, and waits until the thread has: as long as the store's timeouts, at most.
    /// Dropping it does not wait.
    pub fn stop(mut self) {
        self.end();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was shown when it happened.
            let _ = thread.join();
        }
    }

    fn end(&self) {
        self.shared.is_over.store(true, Ordering::Release);
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    fn shares(&self) -> MutexGuard<'_, Vec<&'static dyn Share>> {
        self.shares.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run<C: Clock, O: Observer>(&self, mut turns: Turns, mut lend: impl FnMut(Turn<'_, C, O>)) {
        while !self.is_over.load(Ordering::Acquire) {
            let began = Instant::now();
            lend(&mut |breakers| {
                let shares = self.shares().clone();
                let status = turns.turn(breakers, &shares);
                *self.status() = status;
            });
            thread::park_timeout(turns.period().saturating_sub(began.elapsed()));
        }
        self.status().connected = false;
    }

    fn status(&self) -> MutexGuard<'_, FleetStatus> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fleet").field("status", &self.status()).finish_non_exhaustive()
    }
}
