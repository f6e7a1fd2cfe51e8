//! An adaptive limit's settings: checked once, packed into one word.

use crate::config::{ConfigError, Unit, settings};

settings! {
    /// The settings of an adaptive limit before they are checked; [`build`](Self::build)
    /// checks them.
    table
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{AdaptiveConfig, AdaptiveSettings};
    ///
    /// // In a `const` or `static` a bad value is a compile error.
    /// const LIMIT: AdaptiveSettings = AdaptiveConfig::new().initial(50).max(500).build();
    /// assert_eq!((LIMIT.min(), LIMIT.max()), (1, 500));
    ///
    /// // At run time it is an error that names field, value and range.
    /// let error = AdaptiveConfig::new().max(10).try_build().unwrap_err();
    /// assert_eq!(error.to_string(), "`initial` is 20, and must be from 1 to 10");
    /// ```
    #[derive(Eq)]
    config AdaptiveConfig {
        /// The limit before anything is known.
        initial: count -> u32 = 20, 1..=65_000, at 0 floored;
        /// The largest limit.
        max: count -> u32 = 1_000, 1..=65_000, at 16 floored;
        /// The smallest limit, also while the service is measured with fewer calls.
        min: count -> u32 = 1, 1..=255, at 32 floored;
        /// By how much the latency may exceed that of a service with few calls.
        ///
        /// The latency is the mean of a window. Above this, the limit comes down, unless
        /// the service does more for it.
        tolerance: percent -> u32 = 20, 5..=100, at 40 floored;
        /// The least number of calls in a window.
        ///
        /// A window with fewer lasts longer.
        min_samples: count -> u32 = 20, 5..=100, at 47 floored;
        /// The time in which calls are measured before the limit is set anew.
        ///
        /// It should be several times the latency of a call. The settings keep whole tens
        /// of milliseconds.
        window: millis -> core::time::Duration = 1_000, 10..=10_000, at 54 tens;
    }
    => packed AdaptiveSettings
}

impl AdaptiveConfig {
    /// Checks the settings.
    ///
    /// # Panics
    /// On a value out of its range; in a `const` that is a compile error. Use
    /// [`try_build`](Self::try_build) for values that are known only at run time.
    #[must_use]
    #[track_caller]
    pub const fn build(self) -> AdaptiveSettings {
        match self.try_build() {
            Ok(settings) => settings,
            Err(error) => error.panic(),
        }
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`ConfigError`] with the first field that is out of its range: so is an initial
    /// limit below the smallest or above the largest one, and a window that is not a
    /// multiple of 10 ms.
    pub const fn try_build(self) -> Result<AdaptiveSettings, ConfigError> {
        if let Err(error) = self.check_rows() {
            return Err(error);
        }
        let initial = self.values[Row::initial as usize];
        let (min, max) = (self.values[Row::min as usize], self.values[Row::max as usize]);
        if min > max {
            return Err(ConfigError::out_of_range("min", Unit::Count, min, 1, max));
        }
        if initial < min || initial > max {
            return Err(ConfigError::out_of_range("initial", Unit::Count, initial, min, max));
        }
        let window = self.values[Row::window as usize];
        if !window.is_multiple_of(10) {
            return Err(ConfigError::no_multiple("window", Unit::Milliseconds, window, 10));
        }
        Ok(AdaptiveSettings(AdaptiveSettings::packed(&self)))
    }
}

/// Takes settings apart again, to change some of them.
impl From<AdaptiveSettings> for AdaptiveConfig {
    fn from(settings: AdaptiveSettings) -> Self {
        settings.config()
    }
}

/// Checked settings of an adaptive limit, packed into one word that changes without a
/// lock. [`AdaptiveConfig`] builds them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AdaptiveSettings([u64; Self::WORDS]);

impl AdaptiveSettings {
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

    /// The settings as an [`AdaptiveConfig`], to change one thing of them.
    ///
    /// ```
    /// use fusebox::{AdaptiveConfig, AdaptiveSettings};
    ///
    /// const LIMIT: AdaptiveSettings = AdaptiveConfig::new().build();
    /// const LARGER: AdaptiveSettings = LIMIT.config().max(5_000).build();
    /// assert_eq!((LARGER.initial(), LARGER.max()), (LIMIT.initial(), 5_000));
    /// ```
    pub const fn config(self) -> AdaptiveConfig {
        AdaptiveConfig { values: self.raw() }
    }
}
