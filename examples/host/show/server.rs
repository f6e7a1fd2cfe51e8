//! The server: HTTP by axum on loopback, which answers or hangs.

use std::{
    future,
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{Router, routing::get};
use tokio::{net::TcpListener, runtime::Runtime};

use crate::show::Failure;

/// Dropped, it closes all its sockets, hung connections among them.
pub struct Server {
    runtime: Option<Runtime>,
    hangs: Arc<AtomicBool>,
    pub port: u16,
}

impl Server {
    pub fn start() -> Result<Self, Failure> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let port = listener.local_addr()?.port();
        let hangs = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&hangs);
        let answer = async move || {
            if seen.load(Ordering::Relaxed) {
                future::pending::<()>().await;
            }
            "42"
        };
        let router = Router::new().route("/answer", get(answer));
        runtime.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { runtime: Some(runtime), hangs, port })
    }

    /// From now on it accepts and never answers, or answers again. What hangs
    /// goes on hanging.
    pub fn hang(&self, hangs: bool) {
        self.hangs.store(hangs, Ordering::Relaxed);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
