//! How an instance's part in its fleet stands.

use std::time::Duration;

/// How an instance's part in its fleet stands, as of its last turn.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FleetStatus {
    /// Whether the store answers.
    pub connected: bool,
    /// What the store last said when it did not.
    pub last_error: Option<String>,
    /// The instances of the same group that are alive, this one among them.
    pub alive: u32,
    /// How old the oldest of the last news was when it was heard.
    pub lag: Duration,
}
