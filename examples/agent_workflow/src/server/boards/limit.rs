//! How often a board's clients may ask. In each answer it says what is left, in the field
//! `RateLimit`, unless it is silent. To whoever asks too often it answers 429, with
//! `Retry-After` in both of its forms, and writes down who came back too early.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use axum::{
    extract::{self, Request},
    http::{HeaderName, HeaderValue, StatusCode, header::RETRY_AFTER},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::lock;

const WINDOW: Duration = Duration::from_secs(1);

/// The field of the IETF's draft on rate limits of HTTP.
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// A quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// So many requests a second, for each client.
    pub requests: u32,
    /// Nothing is said of it, until it is used up.
    pub silent: bool,
}

/// How often a client may ask, and who was told to wait.
#[derive(Default)]
pub struct Limit {
    terms: Mutex<Option<Terms>>,
    clients: Mutex<HashMap<String, Client>>,
    /// How many requests were answered with 429.
    told: AtomicU64,
    /// How many of them had been told what is left.
    over: AtomicU64,
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
    /// Without terms, a client asks as often as it likes.
    pub fn set(&self, terms: Option<Terms>) {
        *lock(&self.terms) = terms;
        lock(&self.clients).clear();
    }

    /// How many requests were more than a quota of which the board had told.
    pub fn over(&self) -> u64 {
        self.over.load(Ordering::SeqCst)
    }

    pub fn told(&self) -> u64 {
        self.told.load(Ordering::SeqCst)
    }

    pub fn early(&self) -> u64 {
        self.early.load(Ordering::SeqCst)
    }

    /// Lets `client` in, or does not.
    fn admit(&self, client: &str) -> Answer {
        let Some(terms) = *lock(&self.terms) else { return Answer::LetIn(None) };
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
        if client.requests <= terms.requests {
            let left = terms.requests - client.requests;
            // In whole seconds, of which the one that has begun is one.
            let seconds = WINDOW.saturating_sub(now - client.window).as_secs() + 1;
            let told = (!terms.silent).then(|| format!("\"second\";r={left};t={seconds}"));
            return Answer::LetIn(told);
        }
        self.over.fetch_add(u64::from(!terms.silent), Ordering::SeqCst);
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
        Answer::ComeBack(text)
    }
}

/// What a client is told.
enum Answer {
    /// In the field `RateLimit`.
    LetIn(Option<String>),
    /// In the field `Retry-After`.
    ComeBack(String),
}

/// Who says no name is the one client that there is.
pub async fn check(
    extract::State(limit): extract::State<Arc<Limit>>,
    request: Request,
    next: Next,
) -> Response {
    let client = request.headers().get("x-client").and_then(|name| name.to_str().ok());
    match limit.admit(client.unwrap_or("everybody")) {
        Answer::ComeBack(text) => {
            (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, text)]).into_response()
        }
        Answer::LetIn(told) => {
            let mut response = next.run(request).await;
            if let Some(value) = told.and_then(|text| HeaderValue::try_from(text).ok()) {
                response.headers_mut().insert(RATE_LIMIT, value);
            }
            response
        }
    }
}
