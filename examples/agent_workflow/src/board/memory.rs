//! The board in memory: it cannot fail, and needs no protection.

use std::{collections::HashMap, sync::Mutex};

use async_trait::async_trait;

use crate::{
    board::{Board, Shelf, Summary, Update},
    lock,
    service::ServiceError,
    system::System,
};

#[derive(Default)]
pub struct MemoryBoard {
    projects: Mutex<HashMap<String, Shelf>>,
}

#[async_trait]
impl Board for MemoryBoard {
    fn name(&self) -> &'static str {
        "memory-board"
    }

    fn system(&self) -> Option<System> {
        None
    }

    async fn post(&self, update: &Update) -> Result<(), ServiceError> {
        lock(&self.projects).entry(update.project.clone()).or_default().apply(update);
        Ok(())
    }

    async fn summary(&self, project: &str) -> Result<Summary, ServiceError> {
        Ok(lock(&self.projects).get(project).map(Shelf::summary).unwrap_or_default())
    }
}
