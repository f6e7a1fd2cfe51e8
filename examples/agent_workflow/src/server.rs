//! The servers: real HTTP on loopback, each on a runtime of its own, so that one
//! can vanish with all its connections.

pub mod boards;
pub mod coach;
pub mod door;
pub mod memory;
pub mod model;
mod mood;

use std::{
    net::Ipv4Addr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering},
    },
};

use axum::{Json, Router, middleware, routing::get};
use tokio::{net::TcpListener, runtime::Runtime};

use crate::{Failure, lock, system::System};
use door::Door;
pub use mood::{Mood, STRANGER};

/// A server that can be put into any mood, or stopped.
pub struct Server {
    pub system: System,
    routes: Router,
    state: Arc<State>,
    address: Address,
    running: Mutex<Option<Runtime>>,
}

/// What a server's requests share.
#[derive(Default)]
pub struct State {
    mood: Mutex<Mood>,
    /// How many requests came in, whatever became of them; those of strangers are not
    /// among them.
    seen: AtomicU64,
    /// How many of them asked how it is.
    seen_health: AtomicU64,
    door: Door,
    /// Whether it was overloaded, and nobody has looked since.
    was_overloaded: AtomicBool,
    /// The calls of which an attempt has failed already: see [`Mood::Flaky`].
    failed_once: Mutex<std::collections::HashSet<String>>,
}

/// Where a server listens, as its clients look it up.
#[derive(Clone, Debug, Default)]
pub struct Address(Arc<AtomicU16>);

impl Address {
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.0.load(Ordering::Relaxed))
    }
}

impl Server {
    /// A server of `routes`, whose moods befall all of them, and of `beside`,
    /// which are always well.
    pub fn start(system: System, routes: Router, beside: Router) -> Result<Self, Failure> {
        let state = Arc::new(State::default());
        let moody = middleware::from_fn_with_state(Arc::clone(&state), mood::pass);
        let server = Self {
            system,
            routes: routes
                .route("/health", get(async || Json(())))
                .route_layer(moody)
                .merge(beside),
            state,
            address: Address::default(),
            running: Mutex::default(),
        };
        server.resume()?;
        Ok(server)
    }

    pub fn address(&self) -> Address {
        self.address.clone()
    }

    /// How many requests came in.
    pub fn seen(&self) -> u64 {
        self.state.seen.load(Ordering::SeqCst)
    }

    /// How many requests wanted work done.
    pub fn asked(&self) -> u64 {
        self.seen() - self.state.seen_health.load(Ordering::SeqCst)
    }

    pub fn is_overloaded(&self) -> bool {
        *lock(&self.state.mood) == Mood::Overloaded
    }

    /// Whether it was overloaded since somebody last asked.
    pub fn was_overloaded(&self) -> bool {
        self.state.was_overloaded.swap(false, Ordering::Relaxed)
    }

    pub fn door(&self) -> &Door {
        &self.state.door
    }

    pub fn set_mood(&self, mood: Mood) {
        let before = std::mem::replace(&mut *lock(&self.state.mood), mood);
        if before == Mood::Overloaded {
            self.state.was_overloaded.store(true, Ordering::Relaxed);
        }
        lock(&self.state.failed_once).clear();
    }

    /// Closes the port and every connection.
    pub fn stop(&self) {
        if let Some(runtime) = lock(&self.running).take() {
            runtime.shutdown_background();
        }
    }

    /// Listens, if it does not: on another port, as somebody may have taken
    /// the old one. Clients look it up.
    pub fn resume(&self) -> Result<(), Failure> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.is_some() {
            return Ok(());
        }
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let routes = self.routes.clone();
        runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).expect("a runtime drives it");
            axum::serve(listener, routes).await
        });
        self.address.0.store(port, Ordering::Relaxed);
        *running = Some(runtime);
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}
