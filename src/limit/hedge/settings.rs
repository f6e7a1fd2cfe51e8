//! The settings of a learned quantile, checked once.

use core::time::Duration;

use crate::{
    config::{ConfigError, Unit, settings},
    learn::estimate::Aim,
};

settings! {
    /// The settings of a learned quantile before they are checked;
    /// [`build`](Self::build) checks them.
    table
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{LatencyQuantile, QuantileConfig};
    ///
    /// static P95: LatencyQuantile = LatencyQuantile::new(
    ///     QuantileConfig::new().thousandths(950).at_least(Duration::from_millis(2)).build(),
    /// );
    ///
    /// let error = QuantileConfig::new().thousandths(1_000).try_build().unwrap_err();
    /// assert_eq!(error.to_string(), "`thousandths` is 1000, and must be from 900 to 999");
    /// ```
    #[derive(Eq)]
    config QuantileConfig {
        /// The quantile, in thousandths: so many calls of 1000 are done before it.
        ///
        /// The others outlast it, and are those that a hedge may be sent for.
        thousandths: count -> u32 = 985, 900..=999;
        /// The shortest time that it may say, which it says before it has learned anything.
        ///
        /// A timer of tokio's is no finer than a millisecond.
        at_least: nanos -> Duration = 1_000_000, 1_000..=3_600_000_000_000;
        /// The longest time that it may say.
        ///
        /// Set it to what a hedge should not wait for in any case: an estimate that rose
        /// in a bad hour comes down slowly where stalls are nearly as frequent as the
        /// calls that should outlast it.
        /// The value is at least `at_least`.
        at_most: nanos -> Duration = 1_000_000_000, 1_000..=3_600_000_000_000;
    }
    => kept QuantileSettings
}

impl QuantileConfig {
    /// Checks the settings.
    ///
    /// # Panics
    /// On a value out of its range; in a `const` that is a compile error. Use
    /// [`try_build`](Self::try_build) for values that are known only at run time.
    #[must_use]
    #[track_caller]
    pub const fn build(self) -> QuantileSettings {
        match self.try_build() {
            Ok(settings) => settings,
            Err(error) => error.panic(),
        }
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`ConfigError`] with the first field that is out of its range.
    pub const fn try_build(self) -> Result<QuantileSettings, ConfigError> {
        if let Err(error) = self.check_rows() {
            return Err(error);
        }
        let least = self.values[Row::at_least as usize];
        let most = self.values[Row::at_most as usize];
        if most < least {
            let unit = Unit::Nanoseconds;
            let max = Self::TABLE[Row::at_most as usize].max as u128;
            return Err(ConfigError::out_of_range("at_most", unit, most, least, max));
        }
        Ok(QuantileSettings(self))
    }
}

/// Takes settings apart again, to change some of them.
impl From<QuantileSettings> for QuantileConfig {
    fn from(settings: QuantileSettings) -> Self {
        settings.config()
    }
}

/// Checked settings of a learned quantile. [`QuantileConfig`] builds them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct QuantileSettings(QuantileConfig);

impl QuantileSettings {
    /// The settings as a [`QuantileConfig`], to change one thing of them.
    pub const fn config(self) -> QuantileConfig {
        self.0
    }

    #[allow(clippy::cast_possible_truncation)] // checked
    pub(super) const fn aim(self) -> Aim {
        let values = self.0.values;
        let least = values[Row::at_least as usize] as u64;
        let most = values[Row::at_most as usize] as u64;
        Aim::of(values[Row::thousandths as usize] as u32, least, most)
    }
}
