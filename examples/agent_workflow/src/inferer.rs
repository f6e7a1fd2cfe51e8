//! In which order to do a project's tasks: a model in one of two regions knows, a
//! heuristic guesses, and the order in which they were noted down always does.

pub mod basic;
pub mod heuristic;
pub mod model;
mod regions;

use fusebox::{Outcome, Rejected, Retryable, with_fallback};

pub use crate::inferer::regions::{Inferer, NAME, Regions, Spill};
use crate::{inferer::model::Question, service::ServiceError};

/// An order of tasks, and which layer it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub order: Vec<u32>,
    pub by: Layer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    Model,
    Heuristic,
    Basic,
}

impl Layer {
    pub fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Heuristic => "heuristic",
            Self::Basic => "basic",
        }
    }
}

/// Why a layer has no order.
#[derive(Clone, Debug, thiserror::Error)]
pub enum InferError {
    #[error(transparent)]
    Service(#[from] ServiceError),
    #[error("no task has a word that we know, or a date")]
    NothingToGoBy,
}

impl From<Rejected> for InferError {
    fn from(rejected: Rejected) -> Self {
        Self::Service(rejected.into())
    }
}

impl InferError {
    fn judge(answer: Result<&Plan, &Self>) -> Outcome {
        match answer {
            Err(Self::Service(error)) => ServiceError::judge::<Plan>(Err(error)),
            Ok(_) | Err(Self::NothingToGoBy) => Outcome::Success,
        }
    }
}

impl Retryable for InferError {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Service(error) if error.is_retryable())
    }
}

impl Inferer {
    /// The order of some tasks.
    #[with_fallback(basic::infer, infallible = true)]
    #[with_fallback(heuristic::infer)]
    pub async fn infer(&self, question: &Question) -> Result<Plan, InferError> {
        self.by_model(question).await
    }
}
