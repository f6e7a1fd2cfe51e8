//! The services: HTTP by axum on loopback.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Router, http::StatusCode, routing::get};
use tokio::{net::TcpListener, runtime::Runtime};
use ureq::Agent;

use crate::show::Failure;

/// How long a call of the comparison takes at the service.
pub const CALL: Duration = Duration::from_millis(10);

/// Three services at one port: `shop` answers 503 while it is down, `bank` is always well,
/// and `work` takes [`CALL`] for an answer. Dropped, it closes all its sockets.
pub struct Service {
    runtime: Option<Runtime>,
    is_down: Arc<AtomicBool>,
    pub port: u16,
}

impl Service {
    pub fn start() -> Result<Self, Failure> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let port = listener.local_addr()?.port();
        let is_down = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&is_down);
        let shop = async move || {
            if seen.load(Ordering::Relaxed) {
                Err(StatusCode::SERVICE_UNAVAILABLE)
            } else {
                Ok("42")
            }
        };
        let work = async || {
            tokio::time::sleep(CALL).await;
            "42"
        };
        let router = Router::new()
            .route("/shop", get(shop))
            .route("/bank", get(async || "42"))
            .route("/work", get(work));
        runtime.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { runtime: Some(runtime), is_down, port })
    }

    /// `shop` is down from now on, or up again.
    pub fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::Relaxed);
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A caller's own way to one service.
pub struct Client {
    agent: Agent,
    url: String,
}

impl Client {
    pub fn of(port: u16, service: &str) -> Self {
        // Only a machine that stands still takes as long.
        let timeout = Some(Duration::from_secs(10));
        let agent = Agent::config_builder().timeout_global(timeout).build().into();
        Self { agent, url: format!("http://127.0.0.1:{port}/{service}") }
    }

    /// One HTTP request, to the end of its answer.
    pub fn ask(&self) -> Result<(), ureq::Error> {
        self.agent.get(&self.url).call()?.body_mut().read_to_string().map(drop)
    }
}

/// Whether the service itself said that it is down.
pub fn says_it_is_down(error: &ureq::Error) -> bool {
    matches!(error, ureq::Error::StatusCode(503))
}
