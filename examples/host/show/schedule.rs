//! When the server is down, and how often a worker calls: all in multiples of
//! the timeout.

use std::time::Duration;

use fusebox::{BreakerConfig, BreakerSettings, ConfigError};

/// How long a worker waits for an answer; the rest follows.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    pub timeout: Duration,
}

impl Schedule {
    pub fn of(timeout: Duration) -> Self {
        Self { timeout }
    }

    /// The server hangs from here on.
    pub fn outage(self) -> Duration {
        self.timeout * 3
    }

    /// It answers again.
    pub fn recovery(self) -> Duration {
        self.timeout * 17
    }

    pub fn end(self) -> Duration {
        self.timeout * 25
    }

    /// A worker's pause between two calls.
    pub fn pause(self) -> Duration {
        self.timeout * 2
    }

    /// When this one of so many makes its first call: they take turns.
    pub fn first_call(self, worker: u16, workers: u16) -> Duration {
        self.pause() * u32::from(worker) / u32::from(workers)
    }

    /// A breaker that opened turns calls away for so long. No multiple of the
    /// pause, so that of several workers another one makes the next probe.
    pub fn recovery_timeout(self) -> Duration {
        self.timeout * 7 / 2
    }

    /// The same in both runs.
    pub fn settings(self) -> Result<BreakerSettings, ConfigError> {
        BreakerConfig::new()
            .failure_threshold(3)
            .recovery_timeout(self.recovery_timeout())
            .try_build()
    }
}
