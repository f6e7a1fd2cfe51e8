//! In which order to do a project's tasks: a model knows, a heuristic guesses,
//! and the order in which they were noted down always does.

pub mod basic;
pub mod heuristic;
pub mod model;

use fusebox::{Rejected, Retryable, with_circuit_breaker, with_fallback, with_retry};

use crate::{
    breakers::INFERER,
    inferer::model::Question,
    service::{Client, ServiceError},
};

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
    fn is_outage(&self) -> bool {
        matches!(self, Self::Service(error) if error.is_outage())
    }
}

impl Retryable for InferError {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Service(error) if error.is_retryable())
    }
}

pub struct Inferer {
    client: Client,
}

impl Inferer {
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// The order of some tasks.
    #[with_fallback(basic::infer, infallible = true)]
    #[with_fallback(heuristic::infer)]
    #[with_circuit_breaker(INFERER, expect = InferError::is_outage)]
    #[with_retry(max_attempts = 2, base_delay = "20ms", jitter = "full")]
    pub async fn infer(&self, question: &Question) -> Result<Plan, InferError> {
        model::infer(&self.client, question).await
    }
}
