//! The stand-in for a large model: it knows which work rests on which.

use axum::{Json, Router, routing::post};

use crate::{
    Failure,
    inferer::model::{Answer, Question},
    project::Task,
    server::Server,
    system::System,
};

pub fn start(region: System) -> Result<Server, Failure> {
    let routes = Router::new().route("/infer", post(infer));
    Server::start(region, routes, Router::new())
}

/// Work on a subject rests on the earlier stages of the same subject; what is
/// released rests on all that was built, too.
async fn infer(Json(question): Json<Question>) -> Json<Answer> {
    let tasks = &question.tasks;
    let rests_on = |later: &Task, earlier: &Task| {
        let (later_stage, later_subject) = split(&later.title);
        let (earlier_stage, earlier_subject) = split(&earlier.title);
        earlier_stage < later_stage
            && (earlier_subject == later_subject || (earlier_stage == 2 && later_stage == 5))
    };
    let before = tasks.iter().flat_map(|later| {
        let earlier = tasks.iter().filter(move |earlier| rests_on(later, earlier));
        earlier.map(|earlier| (earlier.id, later.id))
    });
    Json(Answer { before: before.collect() })
}

/// "design the login page" is stage 1 of "the login page".
fn split(title: &str) -> (usize, &str) {
    const STAGES: [&str; 6] = ["plan", "design", "build", "test", "document", "release"];
    let (verb, subject) = title.split_once(' ').unwrap_or((title, ""));
    (STAGES.iter().position(|stage| *stage == verb).unwrap_or(STAGES.len()), subject)
}
