//! A backoff's settings, which are a retry's, too.

use crate::{
    config::ConfigError,
    retry::{
        backoff::Backoff,
        growth::{Growth, Steps},
        jitter::Jitter,
    },
};

/// A config with the settings of a backoff after rows of its own. The first
/// braces hold its docs and its name, the second its rows, the third what it
/// has beside them.
macro_rules! backoff_settings {
    ({ $($head:tt)+ } { $($rows:tt)* } { $($also:tt)* }) => {
        $crate::config::settings! {
            $($head)+ {
                $($rows)*
                /// The delay before the second attempt.
                ///
                /// With 0 there are no delays at all. The value is at most `max_delay`.
                base_delay: delay -> Duration = 1_000, 0..=1_073_741_824_000;
                /// The longest delay, before its jitter, and the longest hint.
                ///
                /// The value is at least `base_delay`, and at most 2^30 seconds
                /// (34 years).
                max_delay: delay -> Duration = 60_000, 0..=1_073_741_824_000;
            }
            also {
                /// The factor by which each delay is longer than the one before.
                exponential_base(base: f64) -> f64 { base } = 2.0, "finite, at least 1", "2";
                /// The way in which delays are spread at random.
                jitter(jitter: Jitter) -> Jitter { jitter } = Jitter::DEFAULT,
                    "see [`Jitter`](crate::Jitter)", "50% to 150%";
                /// The way in which delays grow.
                growth(growth: $crate::Growth) -> $crate::Growth { growth }
                    = $crate::Growth::Exponential, "see [`Growth`](crate::Growth)", "exponential";
                /// Whether `max_delay` is the longest delay with its jitter, too.
                ///
                /// A delay is then drawn evenly from the least that its jitter
                /// allows to the most, or to `max_delay`. So delays at the cap are
                /// still spread, but not by a jitter that only adds.
                jitter_within_cap(on: bool) -> bool { on } = false, "true or false", "false";
                $($also)*
            }
        }
    };
}

backoff_settings! {
    {
        /// The settings of a [`Backoff`] before they are checked; [`build`](Self::build)
        /// checks them.
        table
        /// ```
        /// use core::time::Duration;
        /// use fusebox::BackoffConfig;
        ///
        /// let config = BackoffConfig::new().base_delay(Duration::from_secs(2));
        /// let error = config.max_delay(Duration::from_secs(1)).try_build().unwrap_err();
        /// assert_eq!(error.to_string(), "`max_delay` is 1s, and must be from 2s to 1073741824s");
        /// ```
        config BackoffConfig
    } {} {}
}

impl BackoffConfig {
    /// The settings that [`backoff_settings`] gives every config: its last
    /// rows, and what is beside them.
    pub(super) const fn of(
        rows: &[u128],
        exponential_base: f64,
        (jitter, jitter_within_cap): (Jitter, bool),
        growth: Growth,
    ) -> Self {
        match rows.last_chunk() {
            Some(values) => {
                Self { values: *values, exponential_base, jitter, growth, jitter_within_cap }
            }
            None => panic!("a config without the rows of a backoff"),
        }
    }

    /// Checks the settings.
    ///
    /// # Panics
    /// On a value out of its range; in a `const` that is a compile error. Use
    /// [`try_build`](Self::try_build) for values known only at run time.
    #[must_use]
    #[track_caller]
    pub const fn build(self) -> Backoff {
        match self.try_build() {
            Ok(backoff) => backoff,
            Err(error) => error.panic(),
        }
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`ConfigError`] with the first field that is out of its range.
    #[allow(clippy::cast_possible_truncation)] // checked: 2^30 s are less than 2^60 ns
    pub const fn try_build(self) -> Result<Backoff, ConfigError> {
        if let Err(error) = self.check_rows() {
            return Err(error);
        }
        // What the table cannot say.
        let (base, cap) =
            (self.values[Row::base_delay as usize], self.values[Row::max_delay as usize]);
        let max_delay = &Self::TABLE[Row::max_delay as usize];
        if let Err(error) = max_delay.within(cap, base, max_delay.max() as u128) {
            return Err(error);
        }
        let factor = self.exponential_base;
        // The comparison is false for NaN, too.
        if !(factor >= 1.0 && factor.is_finite()) {
            return Err(ConfigError::no_factor("exponential_base", factor));
        }
        if let Err(error) = self.growth.check() {
            return Err(error);
        }
        match self.jitter.check() {
            Ok(()) => {
                let factor = if matches!(self.growth, Growth::Constant) { 1.0 } else { factor };
                let steps = Steps::of(self.growth, base as u64);
                let jitter = (self.jitter, self.jitter_within_cap);
                Ok(Backoff::new(base as u64, cap as u64, (factor, steps), jitter))
            }
            Err(error) => Err(error),
        }
    }
}

pub(super) use backoff_settings;
