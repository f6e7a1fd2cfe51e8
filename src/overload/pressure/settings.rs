//! The settings of a host's pressure: checked once, packed into one word.

use core::time::Duration;

use crate::config::{ConfigError, settings};

settings! {
    /// The settings of a host's pressure before they are checked; [`build`](Self::build)
    /// checks them.
    table
    /// Each of the first four is where that pressure is [high](crate::PressureLevel::High);
    /// the other levels are derived from it. 0 leaves it out. The defaults take cores and
    /// input for short where work waits for them 60 % of the time, and memory at 20 %, as
    /// a host that waits for memory slows down all that it does.
    ///
    /// ```
    /// use fusebox::{PressureConfig, PressureSettings};
    ///
    /// const ONLY_CORES: PressureSettings =
    ///     PressureConfig::new().cpu(50).memory(0).io(0).queue(0).build();
    /// assert_eq!(ONLY_CORES.cpu(), 50);
    ///
    /// let error = PressureConfig::new().cpu(101).try_build().unwrap_err();
    /// assert_eq!(error.to_string(), "`cpu` is 101%, and must be from 0 to 100%");
    /// ```
    #[derive(Eq)]
    config PressureConfig {
        /// The share of the time in which work waits for a core.
        cpu: percent -> u32 = 60, 0..=100, at 0;
        /// The share of the time in which work waits for memory.
        memory: percent -> u32 = 20, 0..=100, at 7;
        /// The share of the time in which work waits for input or output.
        io: percent -> u32 = 60, 0..=100, at 14;
        /// The number of tasks for each core that run or are ready to.
        queue: count -> u32 = 8, 0..=200, at 21;
        /// The time without a new reading after which the host is taken for calm.
        ///
        /// A sampler that died then keeps nobody from working. It is measured in steps of
        /// 64 ms, rounded up.
        stale_after: millis -> Duration = 2_000, 1_000..=3_600_000, at 29 floored;
    }
    => packed PressureSettings
}

impl PressureConfig {
    /// Checks the settings.
    ///
    /// # Panics
    /// On a value out of its range; in a `const` that is a compile error. Use
    /// [`try_build`](Self::try_build) for values that are known only at run time.
    #[must_use]
    #[track_caller]
    pub const fn build(self) -> PressureSettings {
        match self.try_build() {
            Ok(settings) => settings,
            Err(error) => error.panic(),
        }
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`ConfigError`] with the first field that is out of its range.
    pub const fn try_build(self) -> Result<PressureSettings, ConfigError> {
        match self.check_rows() {
            Ok(()) => Ok(PressureSettings(PressureSettings::packed(&self))),
            Err(error) => Err(error),
        }
    }
}

/// Takes settings apart again, to change some of them.
impl From<PressureSettings> for PressureConfig {
    fn from(settings: PressureSettings) -> Self {
        settings.config()
    }
}

/// Checked settings of a host's pressure, packed into one word that changes without a
/// lock. [`PressureConfig`] builds them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PressureSettings([u64; Self::WORDS]);

impl PressureSettings {
    const WORDS: usize = 1;

    pub(super) const fn pack(self) -> u64 {
        self.0[0]
    }

    /// The settings of this word; the defaults where nobody has written it.
    pub(super) const fn unpack(word: u64) -> Self {
        if word == 0 { PressureConfig::new().build() } else { Self([word]) }
    }

    pub(super) fn stale_after_ms(self) -> u64 {
        const { Self::PLACES[Row::stale_after as usize] }.get(self.0)
    }

    /// The settings as a [`PressureConfig`], to change one thing of them.
    pub const fn config(self) -> PressureConfig {
        PressureConfig { values: self.raw() }
    }
}
