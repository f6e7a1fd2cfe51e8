//! What happens when, in milliseconds from the start of a run.

use std::time::Duration;

use fusebox::{BreakerConfig, BreakerSettings, ConfigError};
use serde::{Deserialize, Serialize};

/// Threads of each process that call the service that fails.
pub const CALLERS: u32 = 4;

/// Failures in a row that open an instance's breaker, without the others.
pub const THRESHOLD: u32 = 5;

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Schedule {
    /// How often an instance says at least that it is alive. In the first of them it only
    /// gets to know the others, so the outage begins later.
    pub heartbeat: u64,
    /// The service is down from here on.
    pub outage: u64,
    /// Redis is killed, in the run in which it is.
    pub kill: u64,
    /// It is started again.
    pub revive: u64,
    /// The service is up again.
    pub recovery: u64,
    pub end: u64,
    /// A caller's pause between two calls of the service that fails, in the mean.
    pub pause: u64,
    /// A breaker that opened turns calls away for so long.
    pub recovery_timeout: u64,
}

impl Schedule {
    /// The heartbeat is the default.
    pub fn full() -> Self {
        Self {
            heartbeat: 1_000,
            outage: 2_000,
            kill: 4_000,
            revive: 6_500,
            recovery: 8_000,
            end: 10_500,
            pause: 1_000,
            recovery_timeout: 1_500,
        }
    }

    /// A recovery timeout that is shared at all: above 400 ms.
    pub fn quick() -> Self {
        Self {
            heartbeat: 250,
            outage: 400,
            kill: 1_000,
            revive: 1_300,
            recovery: 1_600,
            end: 2_600,
            pause: 400,
            recovery_timeout: 500,
        }
    }

    /// The same in all runs.
    pub fn settings(self) -> Result<BreakerSettings, ConfigError> {
        BreakerConfig::new()
            .failure_threshold(THRESHOLD)
            .recovery_timeout(Duration::from_millis(self.recovery_timeout))
            .try_build()
    }
}
