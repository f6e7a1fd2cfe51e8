//! When to raise an alert.

use core::time::Duration;

use crate::error::{ConfigError, Fault};

/// When to raise an alert, not checked yet; [`build`](Self::build) checks it.
///
/// | setting | range | default |
/// |---|---|---|
/// | `open_longer_than` | 0 to 49 days | 5 minutes |
/// | `fallbacks_above` | 0 to 100 percent (never) | 10 |
/// | `exhausted_above` | 0 to 100 percent (never) | 5 |
/// | `least_calls` | 1 to 2^32 - 1 calls in the window | 10 |
/// | `openings_together` | 1 to 65,535 breakers | 3 |
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct AlertConfig {
    open_longer_than: Duration,
    fallbacks_above: u32,
    exhausted_above: u32,
    least_calls: u32,
    openings_together: u32,
}

/// As long as the longest recovery timeout.
const LONGEST: Duration = Duration::from_millis(u32::MAX as u64);

impl AlertConfig {
    /// The defaults.
    pub const fn new() -> Self {
        Self {
            open_longer_than: Duration::from_mins(5),
            fallbacks_above: 10,
            exhausted_above: 5,
            least_calls: 10,
            openings_together: 3,
        }
    }

    /// An alert for each breaker that has turned calls away for longer.
    pub const fn open_longer_than(mut self, time: Duration) -> Self {
        self.open_longer_than = time;
        self
    }

    /// An alert for each breaker with more uses of a fallback than so many
    /// percent of the calls asked for in the window.
    pub const fn fallbacks_above(mut self, percent: u32) -> Self {
        self.fallbacks_above = percent;
        self
    }

    /// An alert for each breaker with more retries that gave up, likewise.
    pub const fn exhausted_above(mut self, percent: u32) -> Self {
        self.exhausted_above = percent;
        self
    }

    /// Below so many calls asked for in the window a share means nothing, and
    /// raises no alert.
    pub const fn least_calls(mut self, calls: u32) -> Self {
        self.least_calls = calls;
        self
    }

    /// An alert when so many breakers opened within the window.
    pub const fn openings_together(mut self, breakers: u32) -> Self {
        self.openings_together = breakers;
        self
    }

    /// Checks the rules.
    ///
    /// # Panics
    /// On a value out of its range; in a `const` that is a compile error.
    #[must_use]
    #[track_caller]
    pub const fn build(self) -> AlertRules {
        match self.try_build() {
            Ok(rules) => rules,
            Err(error) => match error.field.as_bytes() {
                [b'o', b'p', b'e', b'n', b'_', ..] => {
                    panic!("`open_longer_than` must be from 0 to 4294967295 ms")
                }
                [b'o', ..] => panic!("`openings_together` must be from 1 to 65535"),
                [b'f', ..] => panic!("`fallbacks_above` must be from 0 to 100 %"),
                [b'e', ..] => panic!("`exhausted_above` must be from 0 to 100 %"),
                _ => panic!("`least_calls` must be at least 1"),
            },
        }
    }

    /// Checks the rules.
    ///
    /// # Errors
    /// [`ConfigError`] with the first field that is out of its range.
    pub const fn try_build(self) -> Result<AlertRules, ConfigError> {
        let longest = LONGEST.as_millis();
        let open_for = self.open_longer_than.as_millis();
        let checks = [
            ("open_longer_than", open_for, " ms", 0, longest),
            ("fallbacks_above", self.fallbacks_above as u128, "%", 0, 100),
            ("exhausted_above", self.exhausted_above as u128, "%", 0, 100),
            ("least_calls", self.least_calls as u128, "", 1, u32::MAX as u128),
            ("openings_together", self.openings_together as u128, "", 1, u16::MAX as u128),
        ];
        let mut at = 0;
        while at < checks.len() {
            let (field, value, unit, min, max) = checks[at];
            if value < min || value > max {
                return Err(ConfigError { field, fault: Fault::Number { value, unit, min, max } });
            }
            at += 1;
        }
        Ok(AlertRules(self))
    }
}

impl Default for AlertConfig {
    fn default() -> Self {
        Self::new()
    }
}

/// Checked rules for alerts. Built by [`AlertConfig`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertRules(AlertConfig);

impl AlertRules {
    /// A breaker open for more than 5 minutes; fallbacks above 10 %; exhausted
    /// retries above 5 %; 3 breakers opening within one window.
    pub const DEFAULT: Self = AlertConfig::new().build();

    /// How long a breaker may turn calls away.
    #[must_use]
    pub const fn open_longer_than(self) -> Duration {
        self.0.open_longer_than
    }

    /// How many percent of calls may need a fallback.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // at most 100
    pub const fn fallbacks_above(self) -> u8 {
        self.0.fallbacks_above as u8
    }

    /// How many percent of calls may exhaust their retries.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // at most 100
    pub const fn exhausted_above(self) -> u8 {
        self.0.exhausted_above as u8
    }

    /// How many calls a share must be of.
    #[must_use]
    pub const fn least_calls(self) -> u32 {
        self.0.least_calls
    }

    /// How many breakers may not open within one window.
    #[must_use]
    pub const fn openings_together(self) -> u32 {
        self.0.openings_together
    }
}

impl Default for AlertRules {
    fn default() -> Self {
        Self::DEFAULT
    }
}
