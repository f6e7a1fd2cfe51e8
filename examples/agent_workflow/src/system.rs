//! The protected systems, by the names that the panel and the scenarios use.

use std::fmt;

use fusebox::CircuitBreaker;
use serde::{Deserialize, Serialize};

use crate::breakers;

/// A system that can fail, and has a circuit breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum System {
    ContextStore,
    EventLog,
    Memory,
    InfererNear,
    InfererFar,
    Coach,
    RateLimitedBoard,
    TokenBoard,
    FilesBoard,
}

impl System {
    pub const ALL: [Self; 9] = [
        Self::ContextStore,
        Self::EventLog,
        Self::Memory,
        Self::InfererNear,
        Self::InfererFar,
        Self::Coach,
        Self::RateLimitedBoard,
        Self::TokenBoard,
        Self::FilesBoard,
    ];

    /// Its name, and its breaker's.
    pub fn name(self) -> &'static str {
        match self {
            Self::ContextStore => "context-store",
            Self::EventLog => "event-log",
            Self::Memory => "memory",
            Self::InfererNear => "inferer-near",
            Self::InfererFar => "inferer-far",
            Self::Coach => "coach",
            Self::RateLimitedBoard => "rate-limited-board",
            Self::TokenBoard => "token-board",
            Self::FilesBoard => "files-board",
        }
    }

    pub fn breaker(self) -> &'static CircuitBreaker {
        match self {
            Self::ContextStore => breakers::CONTEXT_STORE.get(),
            Self::EventLog => breakers::EVENT_LOG.get(),
            Self::Memory => breakers::MEMORY.get(),
            Self::InfererNear => breakers::INFERER_NEAR.get(),
            Self::InfererFar => breakers::INFERER_FAR.get(),
            Self::Coach => breakers::COACH.get(),
            Self::RateLimitedBoard => breakers::RATE_LIMITED_BOARD.get(),
            Self::TokenBoard => breakers::TOKEN_BOARD.get(),
            Self::FilesBoard => breakers::FILES_BOARD.get(),
        }
    }
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
