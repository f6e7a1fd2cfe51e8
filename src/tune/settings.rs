//! How far and how fast a tuner goes.

use core::time::Duration;

use crate::config::{ConfigError, settings};

settings! {
    /// The settings of a tuner before they are checked; [`build`](Self::build) checks them.
    table
    /// ```
    /// use fusebox::tune::{TunerConfig, TunerSettings};
    ///
    /// const CAREFUL: TunerSettings = TunerConfig::new().bounds(2).least_outages(8).build();
    /// assert_eq!(CAREFUL.bounds(), 2);
    ///
    /// let error = TunerConfig::new().bounds(0).try_build().unwrap_err();
    /// assert_eq!(error.to_string(), "`bounds` is 0, and must be from 1 to 16");
    /// ```
    #[derive(Eq)]
    config TunerConfig {
        /// The factor by which a setting may differ from the configured one, up and down.
        ///
        /// With 4, a `recovery_timeout` that was configured as a minute stays between 15 s
        /// and four minutes. With 1 nothing may change.
        bounds: count -> u8 = 4, 1..=16;
        /// The number of outages that must be known before calls are kept back for longer.
        ///
        /// A third as many, rounded up, are enough to let calls through sooner: to shorten a
        /// wait, or to raise a threshold.
        least_outages: count -> u8 = 3, 1..=16;
        /// The change of a time below which it is left alone.
        least_change: percent -> u8 = 20, 1..=100;
        /// The shortest time between two steps of one breaker.
        ///
        /// A step changes one setting or several, which belong together.
        interval: millis -> Duration = 30_000, 1_000..=86_400_000;
        /// The number of calls in which the breaker may open once by mistake.
        false_alarm_every: count -> u32 = 1_000_000, 1_000..=1_000_000_000;
    }
    => kept TunerSettings
}

impl TunerConfig {
    /// Checks the settings.
    ///
    /// # Panics
    /// On a value out of its range; in a `const` that is a compile error. Use
    /// [`try_build`](Self::try_build) for values that are known only at run time.
    #[must_use]
    #[track_caller]
    pub const fn build(self) -> TunerSettings {
        match self.try_build() {
            Ok(settings) => settings,
            Err(error) => error.panic(),
        }
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`ConfigError`] with the first field that is out of its range.
    pub const fn try_build(self) -> Result<TunerSettings, ConfigError> {
        match self.check_rows() {
            Ok(()) => Ok(TunerSettings(self)),
            Err(error) => Err(error),
        }
    }
}

/// Checked settings of a tuner. [`TunerConfig`] builds them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TunerSettings(TunerConfig);
