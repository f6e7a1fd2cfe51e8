//! The servers of the two boards that are spoken to over HTTP.

pub mod rate_limited;
pub mod token;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use crate::board::{Shelf, Summary, Update};

/// All projects of a board, as its server has them.
pub type Projects = Arc<Mutex<HashMap<String, Shelf>>>;

fn apply(projects: &mut HashMap<String, Shelf>, update: &Update) {
    projects.entry(update.project.clone()).or_default().apply(update);
}

fn summary(projects: &HashMap<String, Shelf>, name: &str) -> Summary {
    projects.get(name).map(Shelf::summary).unwrap_or_default()
}
