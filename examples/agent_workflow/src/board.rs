//! Where projects are kept for people to see: four boards behind one trait, each
//! with the protection that its own trouble needs.

pub mod files;
pub mod memory;
pub mod quota;
pub mod rate_limited;
mod shelf;
pub mod token;

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    board::quota::Waits,
    outbox::{Deliver, Delivery, Outbox},
    service::ServiceError,
    system::System,
};
pub use shelf::{Shelf, Summary};

/// A change of a project. Its `id` is unique within the project, so that a
/// board takes it once, however often it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    pub id: u32,
    pub project: String,
    pub change: Change,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    Created { tasks: Vec<u32> },
    Started { task: u32 },
    Progress { task: u32, percent: u8 },
    Blocked { task: u32 },
    Finished { task: u32 },
}

/// A board.
#[async_trait]
pub trait Board: Send + Sync {
    fn name(&self) -> &'static str;

    /// Its system; none if it cannot fail.
    fn system(&self) -> Option<System>;

    /// How often its client waited so as not to ask too often; none if it may always ask.
    fn waits(&self) -> Option<Waits> {
        None
    }

    /// Puts a change on the board. Told again, it does nothing.
    async fn post(&self, update: &Update) -> Result<(), ServiceError>;

    /// What the board knows of a project.
    async fn summary(&self, project: &str) -> Result<Summary, ServiceError>;
}

/// A board and what could not be put on it yet.
pub type Desk = Outbox<Tray>;

/// The way to a board.
pub struct Tray(pub Arc<dyn Board>);

impl Deliver for Tray {
    type Item = Update;

    fn name(&self) -> &'static str {
        self.0.name()
    }

    async fn deliver(&self, update: &Update) -> Delivery {
        match self.0.post(update).await {
            Ok(()) => Delivery::Done,
            Err(_) => Delivery::Kept,
        }
    }
}
