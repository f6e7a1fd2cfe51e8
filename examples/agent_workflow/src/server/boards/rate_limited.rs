//! The board that lets no client in too often.

use std::sync::Arc;

use axum::{Router, middleware};

use crate::{
    Failure,
    server::{
        Server,
        boards::{
            limit::{self, Limit},
            projects,
        },
    },
    system::System,
};

pub fn start(limit: &Arc<Limit>) -> Result<Server, Failure> {
    let check = middleware::from_fn_with_state(Arc::clone(limit), limit::check);
    Server::start(System::RateLimitedBoard, projects().route_layer(check), Router::new())
}
