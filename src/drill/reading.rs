//! What a drill under way says of itself.

use core::{fmt, time::Duration};

use crate::drill::config::Drill;

/// A drill under way, and what has come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct DrillReading {
    /// What it does. How long it lasts is not kept: there stands what is left of it.
    pub drill: Drill,
    /// The time until it ends by itself.
    pub left: Duration,
    /// Calls that came while it was under way, in programs that have the feature `drill`.
    pub calls: u64,
    /// Those of them that got a fault; it counts to 268 millions.
    pub faults: u64,
}

/// As in `fail 5%, for 60s, seed 7: 12 of 240 calls, 31.5s left`.
impl fmt::Display for DrillReading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { drill, left: _, calls, faults } = self;
        write!(f, "{drill}: {faults} of {calls} calls so far")
    }
}
