//! One thing that goes wrong.

use std::{fmt, time::Duration};

use serde::Deserialize;

use crate::system::System;

/// Something that befalls a system, from the start of round `from` to the start
/// of round `until`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    pub system: System,
    pub kind: Kind,
    pub from: u32,
    pub until: u32,
    /// Of `slow`: by how much each answer is late.
    pub delay_ms: Option<u32>,
    /// Of `flaky`: how many percent of the calls fail at their first attempt.
    pub percent: Option<u32>,
    /// Of `limit`: how many requests a client may make in a second. Of `overload`: how many
    /// strangers make.
    pub requests: Option<u32>,
    /// Of `limit`: whether the board says nothing of it until it answers 429.
    pub silent: Option<bool>,
}

/// What it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Another connection holds an exclusive lock on the database.
    Locked,
    /// The folder and the database in it cannot be written.
    ReadOnly,
    /// The database may not grow by a page.
    Full,
    /// The database's file is deleted.
    Deleted,
    /// The folder is not there, as if its volume were unmounted.
    Gone,
    /// The server takes requests and never answers.
    Hang,
    /// Nothing listens on the server's port.
    Refuse,
    /// The server answers 503.
    Unavailable,
    /// The server answers 500.
    Error,
    /// The server answers late.
    Slow,
    /// The server answers nonsense.
    Garbage,
    /// The server fails some first attempts.
    Flaky,
    /// The server answers 429 to whoever asks too often.
    Limit,
    /// The server needs its time for each request, and strangers make more of them than it
    /// can answer.
    Overload,
    /// The token expires, at the start of each round.
    Expire,
}

impl Kind {
    /// As it is written in a scenario.
    pub fn name(self) -> &'static str {
        match self {
            Self::Locked => "locked",
            Self::ReadOnly => "read-only",
            Self::Full => "full",
            Self::Deleted => "deleted",
            Self::Gone => "gone",
            Self::Hang => "hang",
            Self::Refuse => "refuse",
            Self::Unavailable => "unavailable",
            Self::Error => "error",
            Self::Slow => "slow",
            Self::Garbage => "garbage",
            Self::Flaky => "flaky",
            Self::Limit => "limit",
            Self::Overload => "overload",
            Self::Expire => "expire",
        }
    }

    /// Whether the system answers all the same, at once or when asked again:
    /// then its breaker stays closed.
    pub fn is_survived(self) -> bool {
        matches!(self, Self::Deleted | Self::Slow | Self::Flaky | Self::Limit | Self::Expire)
    }
}

impl Fault {
    pub fn is_on(&self, round: u32) -> bool {
        (self.from..self.until).contains(&round)
    }

    pub fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms.unwrap_or(0).into())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.system, self.kind.name())
    }
}
