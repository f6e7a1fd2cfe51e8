//! A retry's settings, checked once.

use core::time::Duration;

use crate::{
    error::{ConfigError, Fault},
    retry::backoff::{Backoff, BackoffConfig, Jitter},
};

/// Settings of a retry, not checked yet; [`build`](Self::build) checks them.
///
/// | setting | range | default |
/// |---|---|---|
/// | `max_attempts` | 1 to 2^32 - 1, the first one among them | 3 |
/// | `base_delay`, `max_delay`, `exponential_base`, `jitter` | see [`BackoffConfig`] | 1 s, 60 s, 2, 50 to 150 % |
/// | `max_elapsed` | any | none |
///
/// ```
/// use core::time::Duration;
/// use fusebox::{Retry, RetryConfig};
///
/// static RETRY: Retry =
///     Retry::new(RetryConfig::new().max_attempts(5).base_delay(Duration::from_millis(50)).build());
///
/// let error = RetryConfig::new().max_attempts(0).try_build().unwrap_err();
/// assert_eq!(error.to_string(), "`max_attempts` is 0, and must be from 1 to 4294967295");
/// ```
///
/// This does not compile:
///
/// ```compile_fail,E0080
/// static RETRY: fusebox::Retry = fusebox::Retry::new(fusebox::RetryConfig::new().max_attempts(0).build());
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[must_use]
pub struct RetryConfig {
    max_attempts: u32,
    backoff: BackoffConfig,
    max_elapsed: Option<Duration>,
}

impl RetryConfig {
    /// The defaults: 3 attempts, 1 s doubled up to 60 s, then 50 to 150 %.
    pub const fn new() -> Self {
        Self { max_attempts: 3, backoff: BackoffConfig::new(), max_elapsed: None }
    }

    /// How many attempts there are at most, the first one among them.
    pub const fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// The delay before the second attempt.
    pub const fn base_delay(mut self, delay: Duration) -> Self {
        self.backoff = self.backoff.base_delay(delay);
        self
    }

    /// What no delay exceeds before its jitter, and no hint.
    pub const fn max_delay(mut self, delay: Duration) -> Self {
        self.backoff = self.backoff.max_delay(delay);
        self
    }

    /// By how much each delay is longer than the one before.
    pub const fn exponential_base(mut self, base: f64) -> Self {
        self.backoff = self.backoff.exponential_base(base);
        self
    }

    /// How the delays are spread.
    pub const fn jitter(mut self, jitter: Jitter) -> Self {
        self.backoff = self.backoff.jitter(jitter);
        self
    }

    /// The time since the first attempt began that no delay may overrun: where
    /// it would, the retry gives up instead of waiting. An attempt itself may.
    ///
    /// It is as exact as the clock: the default one moves in steps of about
    /// 4 ms.
    pub const fn max_elapsed(mut self, time: Duration) -> Self {
        self.max_elapsed = Some(time);
        self
    }

    /// Checks the settings.
    ///
    /// # Panics
    /// On a value out of its range; in a `const` that is a compile error.
    #[must_use]
    #[track_caller]
    pub const fn build(self) -> RetrySettings {
        match self.try_build() {
            Ok(settings) => settings,
            Err(error) => error.panic(),
        }
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`ConfigError`] with the first field that is out of its range.
    pub const fn try_build(self) -> Result<RetrySettings, ConfigError> {
        if self.max_attempts == 0 {
            let fault = Fault::Number { value: 0, unit: "", min: 1, max: u32::MAX as u128 };
            return Err(ConfigError { field: "max_attempts", fault });
        }
        match self.backoff.try_build() {
            Ok(backoff) => Ok(RetrySettings {
                max_attempts: self.max_attempts,
                backoff,
                max_elapsed: self.max_elapsed,
            }),
            Err(error) => Err(error),
        }
    }
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self::new()
    }
}

/// Checked settings of a retry. Built by [`RetryConfig`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetrySettings {
    pub(crate) max_attempts: u32,
    pub(crate) backoff: Backoff,
    pub(crate) max_elapsed: Option<Duration>,
}

impl RetrySettings {
    /// How many attempts there are at most.
    #[must_use]
    pub const fn max_attempts(&self) -> u32 {
        self.max_attempts
    }

    /// The delays between them.
    #[must_use]
    pub const fn backoff(&self) -> Backoff {
        self.backoff
    }

    /// The time that no delay may overrun.
    #[must_use]
    pub const fn max_elapsed(&self) -> Option<Duration> {
        self.max_elapsed
    }
}
