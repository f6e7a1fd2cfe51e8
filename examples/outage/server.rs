//! The server: HTTP by axum on loopback, answers from a `SQLite` file.

use std::{
    future, io,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use axum::{Router, extract, http::StatusCode, routing::get};
use rusqlite::{Connection, OptionalExtension};
use tempfile::TempDir;
use tokio::{net::TcpListener, runtime::Runtime};

use crate::{
    Failure,
    schedule::{Phase, Schedule},
    stopped,
};

/// How many items the database has: numbers 0 and up.
pub const ITEMS: u32 = 1_000;

/// The numbers that are asked for: those of items, and as many of none.
pub const QUESTIONS: u32 = 2 * ITEMS;

/// A database, and the port under which it will be served.
pub struct Backend {
    /// Deletes the database when dropped.
    dir: TempDir,
    port: u16,
}

impl Backend {
    pub fn new() -> Result<Self, Failure> {
        let dir = TempDir::with_prefix("fusebox-outage-")?;
        let mut database = Connection::open(path_in(&dir))?;
        database.pragma_update(None, "journal_mode", "wal")?;
        database.pragma_update(None, "synchronous", "normal")?;
        let fill = database.transaction()?;
        fill.execute_batch("create table item (id integer primary key, price, asked default 0)")?;
        for id in 0..ITEMS {
            fill.execute("insert into item (id, price) values (?1, ?2)", (id, id * 7 % 100))?;
        }
        fill.commit()?;
        // The system picks a free port; it is bound again in every phase.
        let port = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        Ok(Self { dir, port })
    }

    pub fn url(&self, id: u32) -> String {
        format!("http://127.0.0.1:{}/price/{id}", self.port)
    }

    /// Goes through the phases; `start` is when the first one begins.
    pub fn serve(&self, schedule: &Schedule, start: Instant) -> Result<(), Failure> {
        let mut server: Option<Server> = None;
        for span in &schedule.spans {
            // While it listens it is one server that falls ill or recovers,
            // with its connections; refusing, it is gone with all of them.
            if span.phase == Phase::Refuses {
                server = None;
            } else {
                match &server {
                    Some(server) => server.enter(span.phase),
                    None => server = Some(Server::start(self, span.phase)?),
                }
            }
            let end = start + Duration::from_millis(span.to);
            while Instant::now() < end && !stopped() {
                let left = end.saturating_duration_since(Instant::now());
                thread::sleep(left.min(Duration::from_millis(20)));
            }
        }
        Ok(())
    }
}

/// A server that listens; dropped, it closes all its sockets, hung connections
/// among them.
struct Server {
    runtime: Option<Runtime>,
    phase: Arc<Mutex<Phase>>,
}

impl Server {
    fn start(backend: &Backend, phase: Phase) -> Result<Self, Failure> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = runtime.block_on(bind(backend.port))?;
        let phase = Arc::new(Mutex::new(phase));
        let database = Connection::open(path_in(&backend.dir))?;
        let router = router(Arc::clone(&phase), database);
        runtime.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { runtime: Some(runtime), phase })
    }

    fn enter(&self, phase: Phase) {
        *lock(&self.phase) = phase;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn path_in(dir: &TempDir) -> PathBuf {
    dir.path().join("shop.sqlite")
}

/// Takes the port, for which the phase before may still hold sockets for a
/// moment.
async fn bind(port: u16) -> io::Result<TcpListener> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    for _ in 0..50 {
        match TcpListener::bind(address).await {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            result => return result,
        }
    }
    TcpListener::bind(address).await
}

/// `GET /price/ID`: the price from the database, which counts the questions;
/// in the other phases, what the phase says.
fn router(phase: Arc<Mutex<Phase>>, database: Connection) -> Router {
    let database = Arc::new(Mutex::new(database));
    let price = async move |extract::Path(id): extract::Path<u32>| {
        let phase = *lock(&phase);
        match phase {
            Phase::Answers => price_of(&lock(&database), id),
            Phase::Unavailable => Err(StatusCode::SERVICE_UNAVAILABLE),
            Phase::Hangs | Phase::Refuses => future::pending().await,
        }
    };
    Router::new().route("/price/{id}", get(price))
}

fn price_of(database: &Connection, id: u32) -> Result<String, StatusCode> {
    let price = database
        .prepare_cached("update item set asked = asked + 1 where id = ?1 returning price")
        .and_then(|mut query| query.query_row([id], |row| row.get::<_, u32>(0)).optional());
    match price {
        Ok(Some(price)) => Ok(price.to_string()),
        Ok(None) => Err(StatusCode::NOT_FOUND),
        Err(_) => Err(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
