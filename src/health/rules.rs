//! When to raise an alert.

use core::time::Duration;

use crate::config::{ConfigError, settings};

settings! {
    /// The rules for alerts before they are checked; [`build`](Self::build) checks them.
    table
    /// The window is the one of the [`Monitor`](crate::health::Monitor) that is
    /// asked for alerts; a share above 100% never is.
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::health::{AlertConfig, AlertRules};
    ///
    /// const RULES: AlertRules =
    ///     AlertConfig::new().open_longer_than(Duration::from_secs(30)).fallbacks_above(25).build();
    /// assert_eq!(RULES.fallbacks_above(), 25);
    ///
    /// let error = AlertConfig::new().exhausted_above(101).try_build().unwrap_err();
    /// assert_eq!(error.to_string(), "`exhausted_above` is 101%, and must be from 0 to 100%");
    /// ```
    #[derive(Eq)]
    config AlertConfig {
        /// The time for which a breaker may turn all calls away without an alert.
        ///
        /// Each breaker that does so for longer raises one. A part of a
        /// millisecond counts as a whole one.
        open_longer_than: millis -> Duration = 300_000, 0..=4_294_967_295;
        /// The time for which a breaker may shed load without an alert.
        ///
        /// Each breaker that does so for longer raises one. A part of a millisecond
        /// counts as a whole one.
        sheds_longer_than: millis -> Duration = 60_000, 0..=4_294_967_295;
        /// The share of a breaker's calls that may need a fallback without an alert.
        ///
        /// Each breaker with a larger share in the window raises one. It is a
        /// share of the calls that callers asked for, admitted or not.
        fallbacks_above: percent -> u8 = 10, 0..=100;
        /// The share of a breaker's calls that may exhaust their retries without an alert.
        ///
        /// Each breaker with a larger share in the window raises one. It is a
        /// share of the calls that callers asked for, admitted or not.
        exhausted_above: percent -> u8 = 5, 0..=100;
        /// The number of calls in the window from which on shares are judged.
        ///
        /// Where calls are not counted, no share is judged.
        least_calls: count -> u32 = 10, 1..=4_294_967_295;
        /// The number of breakers that open in one window and raise an alert.
        ///
        /// There is one alert for all of them.
        openings_together: count -> u32 = 3, 1..=65_535;
    }
    => kept AlertRules
}

impl AlertConfig {
    /// Checks the rules.
    ///
    /// # Panics
    /// On a value out of its range; in a `const` that is a compile error.
    #[must_use]
    #[track_caller]
    pub const fn build(self) -> AlertRules {
        match self.try_build() {
            Ok(rules) => rules,
            Err(error) => error.panic(),
        }
    }

    /// Checks the rules.
    ///
    /// # Errors
    /// [`ConfigError`] with the first field that is out of its range.
    pub const fn try_build(self) -> Result<AlertRules, ConfigError> {
        match self.check_rows() {
            Ok(()) => Ok(AlertRules(self)),
            Err(error) => Err(error),
        }
    }
}

/// Checked rules for alerts. [`AlertConfig`] builds them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AlertRules(AlertConfig);

impl AlertRules {
    /// A breaker open for more than 5 minutes, or shedding load for more than one;
    /// fallbacks above 10 %; exhausted retries above 5 %; 3 breakers opening within one
    /// window.
    pub const DEFAULT: Self = AlertConfig::new().build();
}

impl Default for AlertRules {
    fn default() -> Self {
        Self::DEFAULT
    }
}
