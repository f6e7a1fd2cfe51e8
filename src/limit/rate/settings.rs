//! A rate limit's settings: checked once, packed into one word.

use core::time::Duration;

use crate::config::{ConfigError, Unit, settings};

settings! {
    /// The settings of a rate limit before they are checked; [`build`](Self::build) checks
    /// them.
    table
    /// In any time t, the limit admits at most `burst + t / interval` calls. So "100 a
    /// second" with a burst of 100 admits up to 200 in the first second, and 100 in each
    /// that follows. A burst of 1 spaces calls evenly.
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{RateConfig, RateSettings};
    ///
    /// // In a `const` or `static` a bad value is a compile error.
    /// const QUOTA: RateSettings = RateConfig::per_second(100).burst(20).build();
    /// assert_eq!((QUOTA.interval(), QUOTA.burst()), (Duration::from_millis(10), 20));
    ///
    /// // At run time it is an error that names field, value and range.
    /// let error = RateConfig::per_second(100).burst(0).try_build().unwrap_err();
    /// assert_eq!(error.to_string(), "`burst` is 0, and must be from 1 to 2000000");
    /// ```
    ///
    /// This does not compile, as a clock with steps of 10 ms cannot tell one millisecond
    /// from the next. It says "`burst` must be at least 20 on a clock with steps of 10ms,
    /// unless it is `precise`":
    ///
    /// ```compile_fail,E0080
    /// use core::time::Duration;
    ///
    /// const BAD: fusebox::RateSettings =
    ///     fusebox::RateConfig::every(Duration::from_millis(1)).build();
    /// println!("{BAD}");
    /// ```
    #[derive(Eq)]
    config RateConfig {
        /// The time in which one call is admitted on average.
        ///
        /// Above 274 s the limit keeps 38 significant bits of it, rounded up.
        interval: nanos -> Duration = 10_000_000, 100..=86_400_000_000_000,
            at 0 scaled(38, 4);
        /// The number of calls that are admitted at once when none came for a while.
        ///
        /// [`per_second`](crate::RateConfig::per_second) and its like set it to their number.
        burst: count -> u32 = 100, 1..=2_000_000, at 42 floored;
        /// Whether each call reads the clock in nanoseconds; otherwise, in milliseconds.
        ///
        /// The default reads the clock's [`now`](crate::Clock::now), which is five times
        /// faster on Linux. The burst must then be worth two of the clock's steps. A
        /// precise limit reads [`elapsed`](crate::Clock::elapsed).
        precise: flag -> bool = 0, 0..=1, at 63;
    }
    also {
        /// The step of the clock: the shortest time that it can tell.
        ///
        /// The default is that of `StdClock` on Linux, at most. Give the step of another
        /// clock of yours, so that the burst is checked against it. Once built, the
        /// settings do not keep it.
        clock_step(step: Duration) -> Duration { step }
            = Duration::from_millis(10), "up to an hour", "10 ms";
    }
    => packed RateSettings
}

/// The most that a burst is worth, in nanoseconds: 2 years, of the 9 that a word tells
/// apart.
const DEEPEST: u64 = 1 << 56;

impl RateConfig {
    /// So many calls a second, and as many at once.
    pub const fn per_second(calls: u32) -> Self {
        Self::per(calls, Duration::from_secs(1))
    }

    /// So many calls a minute, and as many at once.
    pub const fn per_minute(calls: u32) -> Self {
        Self::per(calls, Duration::from_mins(1))
    }

    /// So many calls in a time, and as many at once. The interval is rounded up to whole
    /// nanoseconds, so no more are admitted than this.
    pub const fn per(calls: u32, time: Duration) -> Self {
        let mut config = Self::new();
        // No call in a time is one after an endless time, which the check refuses.
        config.values[Row::interval as usize] = match calls {
            0 => u128::MAX >> 1,
            calls => time.as_nanos().div_ceil(calls as u128),
        };
        config.values[Row::burst as usize] = calls as u128;
        config
    }

    /// One call in each such time, and one at once.
    pub const fn every(interval: Duration) -> Self {
        Self::per(1, interval)
    }

    /// Checks the settings.
    ///
    /// # Panics
    /// On a value out of its range; in a `const` that is a compile error. Use
    /// [`try_build`](Self::try_build) for values that are known only at run time.
    #[must_use]
    #[track_caller]
    pub const fn build(self) -> RateSettings {
        match self.try_build() {
            Ok(settings) => settings,
            Err(error) => error.panic(),
        }
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`ConfigError`] with the first field that is out of its range. A burst is, too,
    /// where it is worth less than two steps of the clock.
    #[allow(clippy::cast_possible_truncation)] // checked
    pub const fn try_build(self) -> Result<RateSettings, ConfigError> {
        if let Err(error) = self.check_rows() {
            return Err(error);
        }
        let interval = self.values[Row::interval as usize];
        let burst = self.values[Row::burst as usize];
        if interval * burst > DEEPEST as u128 {
            let most = DEEPEST as u128 / interval;
            return Err(ConfigError::out_of_range("burst", Unit::Count, burst, 1, most));
        }
        let step = self.clock_step.as_nanos();
        if step > 3_600_000_000_000 {
            let unit = Unit::Nanoseconds;
            return Err(ConfigError::out_of_range("clock_step", unit, step, 0, 3_600_000_000_000));
        }
        if self.values[Row::precise as usize] == 0 && interval * burst < 2 * step {
            let least = (2 * step).div_ceil(interval);
            return Err(ConfigError::too_coarse("burst", burst as u64, least as u64, step as u64));
        }
        Ok(RateSettings(RateSettings::packed(&self)))
    }
}

/// Takes settings apart again, to change some of them.
impl From<RateSettings> for RateConfig {
    fn from(settings: RateSettings) -> Self {
        settings.config()
    }
}

/// Checked settings of a rate limit, packed into one word that changes without a lock.
/// [`RateConfig`] builds them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RateSettings([u64; Self::WORDS]);

impl RateSettings {
    pub(crate) const WORDS: usize = 1;

    pub(crate) const fn pack(self) -> u64 {
        self.0[0]
    }

    /// The settings of this word, which is not 0. A foreign writer's impossible fields are
    /// read as the nearest legal ones where they would do harm.
    #[inline]
    pub(crate) const fn unpack(word: u64) -> Self {
        Self([word])
    }

    /// The settings as a [`RateConfig`], to change one thing of them.
    ///
    /// ```
    /// use fusebox::{RateConfig, RateSettings};
    ///
    /// const QUOTA: RateSettings = RateConfig::per_second(100).build();
    /// const EVEN: RateSettings = QUOTA.config().burst(2).build();
    /// assert_eq!((EVEN.interval(), EVEN.burst()), (QUOTA.interval(), 2));
    /// ```
    pub const fn config(self) -> RateConfig {
        RateConfig { values: self.raw(), clock_step: Duration::ZERO }
    }

    /// What one call is worth, in nanoseconds.
    #[inline]
    pub(super) const fn cost(self) -> u64 {
        const { Self::PLACES[Row::interval as usize] }.get(self.0)
    }

    /// What `calls` are worth, in nanoseconds.
    #[inline]
    pub(super) const fn cost_of(self, calls: u32) -> u64 {
        // Of a foreign writer's settings, too: 53 bits and 32 could overflow.
        let cost = self.cost().saturating_mul(calls as u64);
        if cost < DEEPEST { cost } else { DEEPEST }
    }

    /// What the burst is worth, in nanoseconds.
    #[inline]
    pub(super) const fn depth(self) -> u64 {
        self.cost_of(self.burst())
    }
}
