//! A server of axum that asks the shop for its callers.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::client::{PriceError, Prices};

impl IntoResponse for PriceError {
    fn into_response(self) -> Response {
        match self {
            Self::NotAsked(rejected) => {
                let wait = rejected.retry_after().unwrap_or_default().as_secs() + 1;
                let headers = [(header::RETRY_AFTER, wait.to_string())];
                (StatusCode::SERVICE_UNAVAILABLE, headers, rejected.to_string()).into_response()
            }
            Self::Status(StatusCode::NOT_FOUND) => StatusCode::NOT_FOUND.into_response(),
            other => (StatusCode::BAD_GATEWAY, other.to_string()).into_response(),
        }
    }
}

/// The routes of the server.
pub fn routes(prices: Arc<dyn Prices>) -> Router {
    let price = |State(prices): State<Arc<dyn Prices>>, Path(item): Path<String>| async move {
        prices.price(&item).await.map(|price| format!("{item}: {price}"))
    };
    Router::new().route("/items/{item}", get(price)).with_state(prices)
}
