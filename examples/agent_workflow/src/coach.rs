//! The coach: a model's advice, or what the rules say.

use fusebox::resilient;
use serde::{Deserialize, Serialize};

use crate::{
    breakers::COACH,
    service::{Client, ServiceError},
};

/// What holds an agent up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Blocker {
    UnclearTask,
    FailingTest,
    MissingAccess,
    WaitingForOthers,
}

impl Blocker {
    pub const ALL: [Self; 4] =
        [Self::UnclearTask, Self::FailingTest, Self::MissingAccess, Self::WaitingForOthers];

    pub fn words(self) -> &'static str {
        match self {
            Self::UnclearTask => "an unclear task",
            Self::FailingTest => "a failing test",
            Self::MissingAccess => "missing access",
            Self::WaitingForOthers => "waiting for others",
        }
    }
}

/// What the coach is asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Trouble {
    #[serde(skip)]
    pub call: String,
    pub task: String,
    pub blocker: Blocker,
}

/// What it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advice {
    pub text: String,
    pub by: Adviser,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Adviser {
    Model,
    Rules,
}

impl Advice {
    pub fn from_model(text: String) -> Self {
        Self { text, by: Adviser::Model }
    }
}

pub struct Coach {
    client: Client,
}

impl Coach {
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// Advice on a blocker: the model's, or else the rules'. As there are rules, the model
    /// is asked only while it has nothing more urgent to do.
    #[resilient(
        fallback(rules, infallible = true),
        priority = "sheddable",
        circuit_breaker(COACH, judge = ServiceError::judge),
        retry(max_attempts = 3, base_delay = "20ms")
    )]
    pub async fn advise(&self, trouble: &Trouble) -> Result<Advice, ServiceError> {
        self.client.post("/advice", &trouble.call, trouble).await
    }
}

/// What helps as a rule.
pub fn rules(trouble: &Trouble) -> Advice {
    let text = match trouble.blocker {
        Blocker::UnclearTask => "ask for one example of what done looks like",
        Blocker::FailingTest => "make it smaller until it passes, then grow it again",
        Blocker::MissingAccess => "ask the owner, and take up the next task meanwhile",
        Blocker::WaitingForOthers => "say what you need and by when, and go on with the rest",
    };
    Advice { text: text.to_owned(), by: Adviser::Rules }
}
