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
        ///
        /// With 4294967295 there is no limit; see [`unlimited`](Self::unlimited).
        max_attempts: count -> u32 = 3, 1..=4_294_967_295;
    } {
        /// The time since the first attempt began that no delay may overrun.
        ///
        /// Where a delay would overrun it, the retry gives up at once. An
        /// attempt itself may overrun it. It is as exact as the clock: the
        /// default one moves in steps of about 4 ms.
        max_elapsed(time: Duration) -> Option<Duration> { Some(time) } = None, "any", "no limit";
        /// Whether a hint above `max_delay` ends the retry.
        ///
        /// Otherwise the retry waits for `max_delay`, and asks earlier than the
        /// sender of the hint wants.
        end_on_long_hint(end: bool) -> bool { end } = false, "true or false", "false";
    }
}

/// As many attempts as this mean that there is no limit.
pub(crate) const UNLIMITED: u32 = u32::MAX;

impl RetryConfig {
    /// Takes the limit of attempts away: the retry ends with a success, at
    /// `max_elapsed`, or with an error that is not worth another attempt. It is
    /// [`max_attempts`](Self::max_attempts) with the largest number.
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{DefaultObserver, ManualClock, Retry, RetryConfig};
    ///
    /// let clock = ManualClock::new();
    /// let settings = RetryConfig::new().unlimited().max_delay(Duration::from_secs(1)).build();
    /// let retry = Retry::with(settings, &clock, &clock, DefaultObserver);
    /// let mut attempts = 0;
    /// let answer = retry.call(|| {
    ///     attempts += 1;
    ///     if attempts < 1_000 { Err("not yet") } else { Ok(attempts) }
    /// });
    /// assert_eq!(answer, Ok(1_000));
    /// ```
    pub const fn unlimited(self) -> Self {
        self.max_attempts(UNLIMITED)
    }

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
        let jitter = (self.jitter, self.jitter_within_cap);
        match BackoffConfig::of(&self.values, self.exponential_base, jitter, self.growth)
            .try_build()
        {
            Ok(backoff) => {
                Ok(RetrySettings { max_attempts: attempts as u32, backoff, config: self })
            }
            Err(error) => Err(error),
        }
    }
}

/// Takes settings apart again, to change some of them.
impl From<RetrySettings> for RetryConfig {
    fn from(settings: RetrySettings) -> Self {
        settings.config()
    }
}

/// Checked settings of a retry. [`RetryConfig`] builds them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetrySettings {
    pub(crate) max_attempts: u32,
    pub(crate) backoff: Backoff,
    config: RetryConfig,
}

impl RetrySettings {
    /// Returns the largest number of attempts, the first one included.
    /// `u32::MAX` means that there is no limit.
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
    #[inline]
    pub const fn max_elapsed(&self) -> Option<Duration> {
        self.config.max_elapsed
    }

    /// Returns whether a hint above `max_delay` ends the retry.
    #[must_use]
    pub const fn end_on_long_hint(&self) -> bool {
        self.config.end_on_long_hint
    }

    /// The settings as a [`RetryConfig`], to change one thing of a preset:
    ///
    /// ```
    /// use fusebox::{RetryConfig, RetrySettings};
    ///
    /// const OURS: RetrySettings = RetryConfig::new().max_attempts(5).build();
    /// const PATIENT: RetrySettings = OURS.config().unlimited().build();
    /// assert_eq!(PATIENT.config().max_attempts(5).build(), OURS);
    /// ```
    pub const fn config(&self) -> RetryConfig {
        self.config
    }
}
