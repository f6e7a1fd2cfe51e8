//! What a server does with a request instead of answering it.

use std::{
    future,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use axum::{
    extract::{self, Request},
    http::StatusCode,
    middleware::Next,
    response::{Html, IntoResponse, Response},
};

use fusebox::http::read_priority;

use crate::{lock, server::State};

/// How a server feels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    #[default]
    Well,
    Hang,
    Unavailable,
    Error,
    Slow(Duration),
    Garbage,
    /// Each request takes its time, and more come than there is time for.
    Overloaded,
    /// Of so many percent of the calls the first attempt fails. Which ones is
    /// decided by their names, so it is the same in every run.
    Flaky(u32),
}

/// The header of a request that is none of ours: see `faults/crowd.rs`.
pub const STRANGER: &str = "x-stranger";

/// Counts the request, and lets it pass as the mood is.
pub async fn pass(
    extract::State(state): extract::State<Arc<State>>,
    request: Request,
    next: Next,
) -> Response {
    let is_stranger = request.headers().contains_key(STRANGER);
    if !is_stranger {
        // First, so that there are never more of them.
        state.seen.fetch_add(1, Ordering::SeqCst);
        let is_health = request.uri().path() == "/health";
        state.seen_health.fetch_add(is_health.into(), Ordering::SeqCst);
    }
    let mood = *lock(&state.mood);
    match mood {
        Mood::Well => next.run(request).await,
        Mood::Hang => future::pending().await,
        Mood::Unavailable => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Mood::Error => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Mood::Slow(delay) => {
            tokio::time::sleep(delay).await;
            next.run(request).await
        }
        Mood::Overloaded => {
            let priority = read_priority(request.headers()).ok().flatten().unwrap_or_default();
            state.door.pass(priority, is_stranger, next.run(request)).await
        }
        Mood::Garbage => Html("<h1>It works!</h1>").into_response(),
        Mood::Flaky(percent) => {
            let call = request.headers().get("x-call-id").and_then(|id| id.to_str().ok());
            let call = call.unwrap_or_default().to_owned();
            if is_chosen(&call, percent) && lock(&state.failed_once).insert(call) {
                return StatusCode::BAD_GATEWAY.into_response();
            }
            next.run(request).await
        }
    }
}

fn is_chosen(call: &str, percent: u32) -> bool {
    let mut hasher = DefaultHasher::new(); // of fixed keys
    call.hash(&mut hasher);
    hasher.finish() % 100 < u64::from(percent)
}
