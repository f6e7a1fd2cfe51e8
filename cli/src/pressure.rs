//! A host's pressure, as people and tools read it.

use std::fmt;

use fusebox::{PressureLevel, PressureReading};
use serde::Serialize;

/// What was read last, and the level that follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pressed {
    /// What was read.
    pub reading: PressureReading,
    /// What follows.
    pub level: PressureLevel,
}

/// As in `host pressure high: cpu 61.0%, memory 0.0%, io 0.0%, 4.0 tasks per core`.
impl fmt::Display for Pressed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "host pressure {}: {}", self.level, self.reading)
    }
}

impl Pressed {
    /// The shares of time in which work waited, by name.
    pub(crate) fn shares(&self) -> [(&'static str, f64); 3] {
        let PressureReading { cpu, memory, io, .. } = self.reading;
        [("cpu", cpu), ("memory", memory), ("io", io)]
            .map(|(name, share)| (name, f64::from(share) / 1000.0))
    }

    /// Tasks for each core.
    pub(crate) fn queue(&self) -> f64 {
        f64::from(self.reading.queue) / 10.0
    }
}

/// As JSON: shares from 0 to 1.
#[derive(Serialize)]
pub(crate) struct Json {
    level: String,
    cpu: f64,
    memory: f64,
    io: f64,
    tasks_per_core: f64,
    /// The same as a sentence.
    text: String,
}

impl From<Pressed> for Json {
    fn from(pressed: Pressed) -> Self {
        let [(_, cpu), (_, memory), (_, io)] = pressed.shares();
        let (level, text) = (pressed.level.to_string(), pressed.to_string());
        Self { level, cpu, memory, io, tasks_per_core: pressed.queue(), text }
    }
}
