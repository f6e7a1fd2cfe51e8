//! The board whose token expires, and which counts how often it is refreshed. All who
//! show that token are one client to it.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    Json, Router,
    extract::{self, Request},
    http::{StatusCode, header::AUTHORIZATION},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::post,
};

use crate::{
    Failure, lock,
    server::{
        Server,
        boards::{
            limit::{self, Limit},
            projects,
        },
    },
    system::System,
};

/// The token that is valid now, and what became of its predecessors.
#[derive(Default)]
pub struct Tokens {
    valid: Mutex<Option<u64>>,
    /// Expired tokens that somebody was told of by a 401.
    noticed: AtomicU64,
    /// Tokens that were given out.
    given: AtomicU64,
    told: Mutex<bool>,
}

impl Tokens {
    pub fn expire(&self) {
        *lock(&self.valid) = None;
        *lock(&self.told) = false;
    }

    /// How often somebody had to be told that a token is valid no more.
    pub fn noticed(&self) -> u64 {
        self.noticed.load(Ordering::SeqCst)
    }

    /// How many tokens were given out.
    pub fn given(&self) -> u64 {
        self.given.load(Ordering::SeqCst)
    }

    fn admits(&self, header: Option<&str>) -> bool {
        let valid = *lock(&self.valid);
        let shown = header.and_then(|header| header.strip_prefix("Bearer ")?.parse().ok());
        if valid.is_some() && valid == shown {
            return true;
        }
        // Once for each that expired: many may show the same old one.
        if valid.is_none() && !std::mem::replace(&mut *lock(&self.told), true) {
            self.noticed.fetch_add(1, Ordering::SeqCst);
        }
        false
    }

    fn refresh(&self) -> u64 {
        let token = self.given.fetch_add(1, Ordering::SeqCst) + 1;
        *lock(&self.valid) = Some(token);
        token
    }
}

pub fn start(tokens: &Arc<Tokens>, limit: &Arc<Limit>) -> Result<Server, Failure> {
    let refresh = {
        let tokens = Arc::clone(tokens);
        async move || Json(tokens.refresh())
    };
    let routes = projects()
        .route_layer(middleware::from_fn_with_state(Arc::clone(tokens), check))
        .route_layer(middleware::from_fn_with_state(Arc::clone(limit), limit::check));
    Server::start(System::TokenBoard, routes, Router::new().route("/token", post(refresh)))
}

async fn check(
    extract::State(tokens): extract::State<Arc<Tokens>>,
    request: Request,
    next: Next,
) -> Response {
    let header = request.headers().get(AUTHORIZATION).and_then(|header| header.to_str().ok());
    if tokens.admits(header) {
        next.run(request).await
    } else {
        StatusCode::UNAUTHORIZED.into_response()
    }
}
