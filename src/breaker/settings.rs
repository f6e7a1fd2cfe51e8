//! A breaker's settings: checked once, packed into 63 bits.

use core::time::Duration;

use crate::config::{ConfigError, settings};

settings! {
    /// The settings of a breaker before they are checked; [`build`](Self::build) checks
    /// them.
    table
    /// `recovery_timeout << doublings` is at most 2^37 ms (4 years), so a long
    /// timeout narrows the range of `doublings`.
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{BreakerConfig, BreakerSettings};
    ///
    /// // In a `const` or `static` a bad value is a compile error.
    /// const AI: BreakerSettings = BreakerConfig::new()
    ///     .failure_threshold(3)
    ///     .recovery_timeout(Duration::from_secs(30))
    ///     .build();
    /// assert_eq!(AI.failure_threshold(), 3);
    ///
    /// // At run time it is an error that names field, value and range.
    /// let error = BreakerConfig::new().failure_threshold(0).try_build().unwrap_err();
    /// assert_eq!(error.to_string(), "`failure_threshold` is 0, and must be from 1 to 4095");
    /// ```
    ///
    /// This does not compile, and says "`probes` must be from 1 to 15":
    ///
    /// ```compile_fail,E0080
    /// const BAD: fusebox::BreakerSettings = fusebox::BreakerConfig::new().probes(16).build();
    /// println!("{BAD}");
    /// ```
    #[derive(Eq)]
    config BreakerConfig {
        /// The number of failures in a row that opens the breaker.
        failure_threshold: count -> u16 = 5, 1..=4_095, at 51;
        /// The time for which the breaker stays open before it admits a probe.
        ///
        /// The breaker keeps whole milliseconds: a part of one counts as a whole one.
        recovery_timeout: millis -> Duration = 60_000, 1..=4_294_967_295, at 19;
        /// The largest number of probes in flight at a time.
        ///
        /// A half-open breaker admits no more calls at a time.
        probes: count -> u8 = 1, 1..=15, at 15 floored;
        /// The number of probes that must succeed to close the breaker.
        ///
        /// A probe that fails opens the breaker again.
        successes_to_close: count -> u8 = 1, 1..=15, at 11 floored;
        /// The number of times that the wait may double while probes fail.
        ///
        /// After the n-th probe that fails in a row, the breaker waits
        /// `recovery_timeout << min(n, doublings)`.
        doublings: count -> u8 = 0, 0..=15, at 7;
        /// The largest part of the wait that is added to it at random.
        ///
        /// Each opening draws its own part, so that the breakers of a fleet do not
        /// probe in step.
        recovery_jitter: percent -> u8 = 0, 0..=100, at 0;
    }
    => packed BreakerSettings
}

/// `recovery_timeout << doublings`, in milliseconds, is at most this, so that
/// a wait with its jitter stays within the 2^39 ms that a tick can tell apart.
const MAX_WAIT: u64 = 1 << 37;

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
        if let Err(error) = self.check_rows() {
            return Err(error);
        }
        // What the table cannot say.
        let timeout = self.values[Row::recovery_timeout as usize];
        let doublings = &Self::TABLE[Row::doublings as usize];
        let mut most = doublings.max() as u128;
        while timeout << most > MAX_WAIT as u128 {
            most -= 1;
        }
        match doublings.within(self.values[Row::doublings as usize], 0, most) {
            Ok(()) => Ok(BreakerSettings(BreakerSettings::packed(&self))),
            Err(error) => Err(error),
        }
    }
}

/// Takes settings apart again, to change some of them.
///
/// ```
/// use fusebox::{BreakerConfig, CircuitBreaker};
///
/// let breaker = CircuitBreaker::new(BreakerConfig::new().probes(2).build());
/// let stricter = BreakerConfig::from(breaker.settings()).failure_threshold(1).try_build()?;
/// breaker.set_settings(stricter);
/// assert_eq!((stricter.failure_threshold(), stricter.probes()), (1, 2));
/// # Ok::<(), fusebox::ConfigError>(())
/// ```
impl From<BreakerSettings> for BreakerConfig {
    fn from(settings: BreakerSettings) -> Self {
        settings.config()
    }
}

/// Checked settings of a breaker, packed into one word so that they change at
/// once, without a lock. [`BreakerConfig`] builds them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BreakerSettings(u64);

impl BreakerSettings {
    /// What a slot has before its settings are published.
    pub(crate) const DEFAULT: Self = BreakerConfig::new().build();

    pub(crate) const fn pack(self) -> u64 {
        self.0
    }

    /// The settings that a word holds; `None` when none were published. A
    /// foreign writer's impossible fields are read as the nearest legal ones.
    pub(crate) const fn unpack(word: u64) -> Option<Self> {
        if word == 0 { None } else { Some(Self(word)) }
    }

    /// The settings as a [`BreakerConfig`], to change one thing of a preset:
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{BreakerSettings, presets};
    ///
    /// const AI: BreakerSettings =
    ///     presets::AI_PROVIDER.config().recovery_timeout(Duration::from_secs(5)).build();
    /// assert_eq!((AI.failure_threshold(), AI.recovery_timeout().as_secs()), (3, 5));
    /// ```
    pub const fn config(self) -> BreakerConfig {
        BreakerConfig { values: self.raw() }
    }

    /// Whether every field is in its range: false only for what a foreign
    /// writer left in shared memory.
    pub(crate) fn is_legal(self) -> bool {
        self.config().try_build() == Ok(self)
    }

    /// The recovery timeout, as rules compute with it.
    #[inline]
    pub(crate) const fn recovery_timeout_ms(self) -> u64 {
        const { Self::PLACES[Row::recovery_timeout as usize] }.get(self.0)
    }

    /// How long an opening waits, in milliseconds, after `reopenings` failed
    /// probes in a row; `draw` picks its jitter, if there is any.
    #[inline]
    pub(crate) fn wait_ms(self, reopenings: u64, draw: impl FnOnce() -> u16) -> u64 {
        let doublings = reopenings.min(self.doublings().into());
        // The limit is only for a foreign writer's settings.
        let wait = (self.recovery_timeout_ms() << doublings).min(MAX_WAIT);
        match u64::from(self.recovery_jitter()) {
            0 => wait,
            // 37 + 7 + 16 bits: no overflow. A shift, and a division by a constant.
            percent => wait + (((wait * percent) / 100 * u64::from(draw())) >> u16::BITS),
        }
    }
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self::DEFAULT
    }
}
