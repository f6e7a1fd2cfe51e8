//! The checks of a breaker's settings, and what they derive.

use core::time::Duration;

use super::{BreakerConfig, BreakerSettings, Row};
use crate::config::{ConfigError, Unit, setting::measured, unit::millis};

/// The longest recovery timeout, in milliseconds: what a half-open word's moments
/// can tell apart.
pub(super) const MAX_TIMEOUT: u64 = BreakerConfig::TABLE[Row::recovery_timeout as usize].max();

/// The longest wait, in milliseconds: with its jitter it stays within the
/// 2^39 ms that a tick can tell apart.
pub(super) const MAX_WAIT: u64 = 1 << 37;

impl BreakerConfig {
    /// Checks the settings.
    ///
    /// # Panics
    /// On a value out of its range; in a `const` that is a compile error. Use
    /// [`try_build`](Self::try_build) for values that are known only at run
    /// time.
    #[must_use]
    #[track_caller]
    pub const fn build(self) -> BreakerSettings {
        match self.try_build() {
            Ok(settings) => settings,
            Err(error) => error.panic(),
        }
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`ConfigError`] with the first field that is out of its range.
    pub const fn try_build(self) -> Result<BreakerSettings, ConfigError> {
        let this = match self.with_ratio() {
            Ok(this) => this,
            Err(error) => return Err(error),
        };
        if let Err(error) = this.check_rows() {
            return Err(error);
        }
        // What the table cannot say.
        if let Err(error) = this.check_rule() {
            return Err(error);
        }
        this.with_wait()
    }

    /// As [`slow_call`](Self::slow_call), for a breaker whose clock moves in steps of
    /// `step`, and not in those of up to 10 ms of the default clock. That of
    /// `PreciseClock` is 1 ms.
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::BreakerConfig;
    ///
    /// let limit = Duration::from_millis(3);
    /// let error = BreakerConfig::new().slow_call(limit).try_build().unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "`slow_call` is 3 ms, and must be at least 10 ms, a step of `StdClock`"
    /// );
    /// let step = Duration::from_millis(1);
    /// assert!(BreakerConfig::new().slow_call_by(limit, step).try_build().is_ok());
    /// ```
    ///
    /// In a constant such a limit does not compile:
    ///
    /// ```compile_fail,E0080
    /// use core::time::Duration;
    /// use fusebox::{BreakerConfig, BreakerSettings};
    ///
    /// const BAD: BreakerSettings = BreakerConfig::new().slow_call(Duration::ZERO).build();
    /// println!("{BAD}");
    /// ```
    #[allow(clippy::cast_possible_truncation)] // no limit is as long
    pub const fn slow_call_by(mut self, limit: Duration, step: Duration) -> Self {
        let (limit, step) = (millis::raw(limit), step.as_millis());
        let step = if step < 1 { 1 } else { step as u64 };
        self.values[Row::slow_call as usize] = measured(limit, step);
        self
    }

    /// With the weight and the threshold of the ratio, if there is one.
    const fn with_ratio(mut self) -> Result<Self, ConfigError> {
        let Some(ratio) = self.failure_ratio else { return Ok(self) };
        let (weight, threshold) = (Row::failure_weight as usize, Row::failure_threshold as usize);
        if let Err(error) = self.left_alone(&[weight, threshold], "`failure_ratio`") {
            return Err(error);
        }
        match ratio.derive(Self::TABLE[threshold].max()) {
            Ok(derived) => {
                self.values[weight] = derived.0 as u128;
                self.values[threshold] = derived.1 as u128;
                self.failure_ratio = None;
                Ok(self)
            }
            Err(error) => Err(error),
        }
    }

    /// An error where one of these rows has another value than its default, though
    /// `by` is there.
    const fn left_alone(&self, rows: &[usize], by: &'static str) -> Result<(), ConfigError> {
        let mut at = 0;
        while at < rows.len() {
            let (setting, value) = (&Self::TABLE[rows[at]], self.values[rows[at]]);
            if value != setting.default as u128 {
                return Err(ConfigError::excluded(setting.name, setting.unit, value, by));
            }
            at += 1;
        }
        Ok(())
    }

    /// Whether the settings of the rule go together.
    const fn check_rule(&self) -> Result<(), ConfigError> {
        const WINDOW: &[usize] =
            &[Row::failure_weight as usize, Row::min_span as usize, Row::quiet as usize];
        const COMPACT: &[usize] = &[
            Row::failure_weight as usize,
            Row::window as usize,
            Row::min_span as usize,
            Row::quiet as usize,
            Row::slow_call as usize,
            Row::slow_weight as usize,
            Row::ramp_up as usize,
            Row::ramp_from as usize,
            Row::max_shed as usize,
            Row::slow_above as usize,
        ];
        let window = self.values[Row::window as usize];
        let (alone, by) = if cfg!(fusebox_compact) {
            (COMPACT, "compact slots")
        } else if window != 0 {
            (WINDOW, "a `window`")
        } else {
            (&[] as &[usize], "")
        };
        if let Err(error) = self.left_alone(alone, by) {
            return Err(error);
        }
        let threshold = Row::failure_threshold as usize;
        if window != 0
            && let Err(error) = Self::TABLE[threshold].within(self.values[threshold], 1, window)
        {
            return Err(error);
        }
        let (span, quiet) = (self.values[Row::min_span as usize], Row::quiet as usize);
        if self.values[quiet] != 0 {
            let quietest = &Self::TABLE[quiet];
            return quietest.within(self.values[quiet], span + 1, quietest.max() as u128);
        }
        Ok(())
    }

    /// Checks the settings of the wait, and builds.
    const fn with_wait(self) -> Result<BreakerSettings, ConfigError> {
        let growth = self.values[Row::growth as usize];
        if !growth.is_multiple_of(10) {
            return Err(ConfigError::no_multiple("growth", Unit::Percent, growth, 10));
        }
        let doublings = &Self::TABLE[Row::doublings as usize];
        let (asked, most) = (self.values[Row::doublings as usize], self.growths_within(MAX_WAIT));
        if let Err(error) = doublings.within(asked, 0, most as u128) {
            return Err(error);
        }
        match self.limited() {
            Ok(config) => Ok(BreakerSettings(BreakerSettings::packed(&config))),
            Err(error) => Err(error),
        }
    }

    /// The recovery timeout and the growth, of values that were checked.
    #[allow(clippy::cast_possible_truncation)] // checked
    const fn wait(&self) -> Wait {
        let (first, growth) = (Row::recovery_timeout as usize, Row::growth as usize);
        Wait { first: self.values[first] as u64, growth: self.values[growth] as u64 }
    }

    /// How often the wait may grow within a limit, in milliseconds.
    const fn growths_within(&self, limit: u64) -> u64 {
        let most = Self::TABLE[Row::doublings as usize].max();
        let mut growths = 0;
        while growths < most && self.wait().grown(growths + 1) <= limit {
            growths += 1;
        }
        growths
    }

    /// With the longest wait as a number of growths.
    #[allow(clippy::cast_possible_truncation)] // checked
    const fn limited(mut self) -> Result<Self, ConfigError> {
        let Some(limit) = self.max_recovery_timeout else { return Ok(self) };
        let (limit, least) = (limit.as_millis(), self.wait().first as u128);
        if limit < least || limit > MAX_WAIT as u128 {
            let (field, unit) = ("max_recovery_timeout", Unit::Milliseconds);
            return Err(ConfigError::out_of_range(field, unit, limit, least, MAX_WAIT as u128));
        }
        let (allowed, asked) =
            (self.growths_within(limit as u64) as u128, self.values[Row::doublings as usize]);
        if asked == 0 || asked > allowed {
            self.values[Row::doublings as usize] = allowed;
        }
        self.max_recovery_timeout = None;
        Ok(self)
    }
}

/// A wait that grows while probes fail.
#[derive(Clone, Copy)]
pub(super) struct Wait {
    /// The first one, in milliseconds.
    pub(super) first: u64,
    /// Each in percent of the one before.
    pub(super) growth: u64,
}

impl Wait {
    /// The wait after so many growths. It stops above the longest.
    #[inline]
    pub(super) const fn grown(self, mut growths: u64) -> u64 {
        let mut wait = self.first;
        while growths > 0 && wait <= MAX_WAIT {
            wait = wait * self.growth / 100; // 37 + 10 bits: no overflow
            growths -= 1;
        }
        wait
    }
}
