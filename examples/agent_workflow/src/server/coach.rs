//! The coach's model: it has read a book.

use axum::{Json, Router, routing::post};

use crate::{
    Failure,
    coach::{Advice, Trouble},
    server::Server,
    system::System,
};

pub fn start() -> Result<Server, Failure> {
    let routes = Router::new().route("/advice", post(advise));
    Server::start(System::Coach, routes, Router::new())
}

async fn advise(Json(trouble): Json<Trouble>) -> Json<Advice> {
    let text = format!(
        "before you go on with \"{}\": write down what you expected of {}, and show it to {}",
        trouble.task,
        trouble.blocker.words(),
        ["a peer", "its owner", "a user"][trouble.task.len() % 3],
    );
    Json(Advice::from_model(text))
}
