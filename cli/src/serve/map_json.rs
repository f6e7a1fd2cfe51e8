//! `/map.json`: which breakers' calls call which others.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use fusebox::Map;
use tokio::sync::watch;

use crate::serve::latest::Latest;

/// The map, as `fusebox map --format json` writes it; 404 where the panel was never mapped.
pub(super) async fn get(State(latest): State<watch::Receiver<Arc<Latest>>>) -> Response {
    let latest = Arc::clone(&latest.borrow());
    let map = Map::of(latest.overview.rows.iter().map(|row| (row.slot, row.reading)));
    if map.panel() == 0 {
        return (StatusCode::NOT_FOUND, "the panel was never mapped\n").into_response();
    }
    ([(header::CONTENT_TYPE, "application/json")], map.json().to_string()).into_response()
}
