//! The servers of the two boards that are spoken to over HTTP.

pub mod limit;
pub mod rate_limited;
pub mod token;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::Path,
    routing::{get, post},
};

use crate::{
    board::{Shelf, Update},
    lock,
};

/// What a board does once it has let a request in: takes updates of its
/// projects, and says how one of them stands.
fn projects() -> Router {
    let projects: Arc<Mutex<HashMap<String, Shelf>>> = Arc::default();
    let take_update = {
        let projects = Arc::clone(&projects);
        async move |Json(update): Json<Update>| {
            lock(&projects).entry(update.project.clone()).or_default().apply(&update);
            Json(())
        }
    };
    let say_summary = async move |Path(name): Path<String>| {
        Json(lock(&projects).get(&name).map(Shelf::summary).unwrap_or_default())
    };
    Router::new().route("/updates", post(take_update)).route("/projects/{name}", get(say_summary))
}
