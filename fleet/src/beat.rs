//! Who is alive: what a store knows of it without a word of theirs.

use std::time::Duration;

/// When an instance last said that it is alive, as the store has it: anybody may have
/// written it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beat {
    /// Who.
    pub instance: String,
    /// The group that it says it belongs to; empty where it has none.
    pub group: String,
    /// How long ago, by the store's own clock.
    pub age: Duration,
}

/// What an instance learns by saying that it is alive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pulse {
    /// How many of its group are alive, this one among them.
    pub alive: u32,
    /// Somebody else has said so under this instance's name since it last did.
    pub has_namesake: bool,
}
