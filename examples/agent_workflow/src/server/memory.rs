//! The memory service: agents' profiles, what they learned, and a guess from
//! both.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::{Json, Router, extract::Path, http::StatusCode, routing::post};

use crate::{
    Failure, lock,
    memory::{Guess, Note, Profile, Question},
    server::Server,
    system::System,
};

/// What is remembered of an agent.
struct Remembered {
    profile: Profile,
    /// The tasks it has finished: each once, however often that was told.
    finished: Vec<u32>,
}

pub fn start() -> Result<Server, Failure> {
    let agents: Arc<Mutex<HashMap<String, Remembered>>> = Arc::default();
    let learn = {
        let agents = Arc::clone(&agents);
        async move |Json(note): Json<Note>| learn(&mut lock(&agents), note)
    };
    let predict = async move |Path(agent): Path<String>, Json(question): Json<Question>| {
        predict(&lock(&agents), &agent, &question)
    };
    let routes =
        Router::new().route("/notes", post(learn)).route("/agents/{agent}/predict", post(predict));
    Server::start(System::Memory, routes, Router::new())
}

fn learn(agents: &mut HashMap<String, Remembered>, note: Note) -> Result<Json<()>, StatusCode> {
    match note {
        Note::Registered(profile) => {
            let remembered = Remembered { profile, finished: Vec::new() };
            agents.entry(remembered.profile.agent.clone()).or_insert(remembered);
        }
        Note::Finished { agent, task } => {
            let known = agents.get_mut(&agent).ok_or(StatusCode::NOT_FOUND)?;
            if !known.finished.contains(&task) {
                known.finished.push(task);
            }
        }
    }
    Ok(Json(()))
}

/// Fewer hours for a skilled agent, and for one that has done much.
fn predict(
    agents: &HashMap<String, Remembered>,
    agent: &str,
    question: &Question,
) -> Result<Json<Guess>, StatusCode> {
    let known = agents.get(agent).ok_or(StatusCode::NOT_FOUND)?;
    let skilled = question.title.starts_with(known.profile.skill.as_str());
    let words = u32::try_from(question.title.split(' ').count()).unwrap_or(u32::MAX);
    let practice = u32::try_from(known.finished.len()).unwrap_or(u32::MAX);
    let hours = words.saturating_mul(if skilled { 1 } else { 2 }).saturating_sub(practice / 2);
    Ok(Json(Guess { hours: hours.max(1) }))
}
