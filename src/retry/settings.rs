//! A retry's settings, checked once.

use core::time::Duration;

use crate::{
    config::ConfigError,
    retry::{
        backoff::Backoff,
        backoff_config::{BackoffConfig, backoff_settings},
        jitter::Jitter,
    },
};

backoff_settings! {
    {
        /// The settings of a retry before they are checked; [`build`](Self::build)
        /// checks them.
        table
        /// ```
        /// use core::time::Duration;
        /// use fusebox::{Retry, RetryConfig};
        ///
        /// static RETRY: Retry = Retry::new(
        ///     RetryConfig::new().max_attempts(5).base_delay(Duration::from_millis(50)).build(),
        /// );
        ///
        /// let error = RetryConfig::new().max_attempts(0).try_build().unwrap_err();
        /// assert_eq!(error.to_string(), "`max_attempts` is 0, and must be from 1 to 4294967295");
        /// ```
        ///
        /// This does not compile:
        ///
        /// ```compile_fail,E0080
        /// use fusebox::{Retry, RetryConfig};
        ///
        /// static RETRY: Retry = Retry::new(RetryConfig::new().max_attempts(0).build());
        /// ```
        config RetryConfig
    } {
        /// The largest number of attempts, the first one included.
        max_attempts: count -> u32 = 3, 1..=4_294_967_295;
    } {
        /// The time since the first attempt began that no delay may overrun.
        ///
        /// Where a delay would overrun it, the retry gives up at once. An
        /// attempt itself may overrun it. It is as exact as the clock: the
        /// default one moves in steps of about 4 ms.
        max_elapsed(time: Duration) -> Option<Duration> { Some(time) } = None, "any", "no limit";
    }
}

impl RetryConfig {
    /// Checks the settings.
    ///
    /// # Panics
    /// On a value out of its range; in a `const` that is a compile error. Use
    /// [`try_build`](Self::try_build) for values known only at run time.
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
    #[allow(clippy::cast_possible_truncation)] // checked
    pub const fn try_build(self) -> Result<RetrySettings, ConfigError> {
        if let Err(error) = self.check_rows() {
            return Err(error);
        }
        let attempts = self.values[Row::max_attempts as usize];
        match BackoffConfig::of(&self.values, self.exponential_base, self.jitter).try_build() {
            Ok(backoff) => Ok(RetrySettings {
                max_attempts: attempts as u32,
                backoff,
                max_elapsed: self.max_elapsed,
            }),
            Err(error) => Err(error),
        }
    }
}

/// Checked settings of a retry. [`RetryConfig`] builds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetrySettings {
    pub(crate) max_attempts: u32,
    pub(crate) backoff: Backoff,
    pub(crate) max_elapsed: Option<Duration>,
}

impl RetrySettings {
    /// Returns the largest number of attempts, the first one included.
    #[must_use]
    pub const fn max_attempts(&self) -> u32 {
        self.max_attempts
    }

    /// Returns the delays between attempts.
    #[must_use]
    pub const fn backoff(&self) -> Backoff {
        self.backoff
    }

    /// Returns the time since the first attempt began that no delay may
    /// overrun.
    #[must_use]
    pub const fn max_elapsed(&self) -> Option<Duration> {
        self.max_elapsed
    }
}
