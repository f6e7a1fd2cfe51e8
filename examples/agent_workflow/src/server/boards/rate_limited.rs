//! The board that answers 429 to whoever asks too often, with `Retry-After` in
//! both of its forms, and writes down who came back too early.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use axum::{
    Router,
    extract::{self, Request},
    http::{StatusCode, header::RETRY_AFTER},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};

use crate::{
    Failure, lock,
    server::{Server, boards::projects},
    system::System,
};

const WINDOW: Duration = Duration::from_secs(1);

/// How often a client may ask, and who was told to wait.
#[derive(Default)]
pub struct Limit {
    requests: Mutex<Option<u32>>,
    clients: Mutex<HashMap<String, Client>>,
    /// How many requests were answered with 429.
    told: AtomicU64,
    /// How many came back earlier than they were told.
    early: AtomicU64,
}

struct Client {
    window: Instant,
    requests: u32,
    not_before: Option<Told>,
}

/// When a client may come back, in the terms in which it was told.
#[derive(Clone, Copy)]
enum Told {
    Seconds(Instant),
    Date(SystemTime),
}

impl Told {
    fn has_come(self) -> bool {
        match self {
            Self::Seconds(at) => Instant::now() >= at,
            Self::Date(at) => SystemTime::now() >= at,
        }
    }
}

impl Limit {
    /// So many requests a second for each client; none: as many as it likes.
    pub fn set(&self, requests: Option<u32>) {
        *lock(&self.requests) = requests;
    }

    pub fn told(&self) -> u64 {
        self.told.load(Ordering::SeqCst)
    }

    pub fn early(&self) -> u64 {
        self.early.load(Ordering::SeqCst)
    }

    /// What `Retry-After` says to `client`; nothing lets it in.
    fn refuse(&self, client: &str) -> Option<String> {
        let limit = (*lock(&self.requests))?;
        let mut clients = lock(&self.clients);
        let now = Instant::now();
        let client = clients.entry(client.to_owned()).or_insert(Client {
            window: now,
            requests: 0,
            not_before: None,
        });
        match client.not_before.take() {
            Some(told) if !told.has_come() => {
                self.early.fetch_add(1, Ordering::SeqCst);
            }
            Some(_) => (client.window, client.requests) = (now, 0),
            None if now - client.window >= WINDOW => (client.window, client.requests) = (now, 0),
            None => {}
        }
        client.requests += 1;
        if client.requests <= limit {
            return None;
        }
        let before = self.told.fetch_add(1, Ordering::SeqCst);
        // Both forms in turn. A date names whole seconds: the next but one is
        // more than a second away.
        let (told, text) = if before.is_multiple_of(2) {
            (Told::Seconds(now + WINDOW), WINDOW.as_secs().to_string())
        } else {
            let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            let second = since.map_or(0, |since| since.as_secs()) + 2;
            let date = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
            (Told::Date(date), httpdate::fmt_http_date(date))
        };
        client.not_before = Some(told);
        Some(text)
    }
}

pub fn start(limit: &Arc<Limit>) -> Result<Server, Failure> {
    let routes = projects().route_layer(middleware::from_fn_with_state(Arc::clone(limit), check));
    Server::start(System::RateLimitedBoard, routes, Router::new())
}

async fn check(
    extract::State(limit): extract::State<Arc<Limit>>,
    request: Request,
    next: Next,
) -> Response {
    let client = request.headers().get("x-client").and_then(|name| name.to_str().ok());
    match client.and_then(|client| limit.refuse(client)) {
        Some(text) => (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, text)]).into_response(),
        None => next.run(request).await,
    }
}
