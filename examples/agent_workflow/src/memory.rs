//! The memory service's client: it never fails, it does not know.

use std::time::Duration;

use fusebox::{Fallback, Pipeline, Priority, Retry, RetryConfig, presets};
use serde::{Deserialize, Serialize};

use crate::{
    breakers::MEMORY,
    outbox::{Deliver, Delivery},
    service::{Client, ServiceError},
    system::System,
};

const RETRY: Retry =
    Retry::new(RetryConfig::new().max_attempts(2).base_delay(Duration::from_millis(20)).build())
        .named("memory");

/// An agent, as the memory knows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Profile {
    pub agent: String,
    /// The work that it does best.
    pub skill: String,
}

/// What the memory is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Note {
    Registered(Profile),
    Finished { agent: String, task: u32 },
}

/// What it is asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Question {
    #[serde(skip)]
    pub call: String,
    pub agent: String,
    pub title: String,
}

/// What it answers.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Guess {
    pub hours: u32,
}

/// How long a task will take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prediction {
    Hours(u32),
    /// The service is not there, or has never heard of the agent.
    #[default]
    Unknown,
}

pub struct Memory {
    client: Client,
}

impl Memory {
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// How long a task will take an agent: good to know, and nothing waits for it.
    pub async fn predict(&self, question: &Question) -> Prediction {
        let unknown = Fallback::new().named("memory").or(|_: &Question| Ok(Prediction::Unknown));
        Pipeline::new()
            .fallback(unknown)
            .priority(Priority::SHEDDABLE)
            .breaker_judged(MEMORY.get(), ServiceError::judge::<Prediction>)
            .retry(RETRY)
            .call_async(question, |question| self.ask(question))
            .await
            .unwrap_or_default()
    }

    async fn ask(&self, question: &Question) -> Result<Prediction, ServiceError> {
        let path = format!("/agents/{}/predict", question.agent);
        let guess: Guess = self.client.post(&path, &question.call, question).await?;
        Ok(Prediction::Hours(guess.hours))
    }

    async fn tell(&self, note: &Note) -> Result<Delivery, ServiceError> {
        let call = match note {
            Note::Registered(profile) => format!("{}.profile", profile.agent),
            Note::Finished { agent, task } => format!("{agent}.finished.{task}"),
        };
        self.client.post::<()>("/notes", &call, note).await?;
        Ok(Delivery::Done)
    }
}

impl Deliver for Memory {
    type Item = Note;

    fn name(&self) -> &'static str {
        System::Memory.name()
    }

    async fn deliver(&self, note: &Note) -> Delivery {
        Pipeline::new()
            .fallback(presets::persistence().named("memory"))
            .breaker_judged(MEMORY.get(), ServiceError::judge::<Delivery>)
            .retry(RETRY)
            .call_async(note, |note| self.tell(note))
            .await
            .unwrap_or_default()
    }
}
