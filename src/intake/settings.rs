//! An intake's settings: checked once, packed into one word.

use core::time::Duration;

use crate::{
    config::{ConfigError, settings},
    intake::word::Bounds,
};

settings! {
    /// The settings of an intake before they are checked; [`build`](Self::build) checks
    /// them.
    table
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{IntakeConfig, IntakeSettings};
    ///
    /// // In a `const` or `static` a bad value is a compile error.
    /// const API: IntakeSettings =
    ///     IntakeConfig::new().workers(8).max_wait(Duration::from_millis(50)).build();
    /// assert_eq!((API.workers(), API.max_wait()), (8, Duration::from_millis(50)));
    ///
    /// // At run time it is an error that names field, value and range.
    /// let error = IntakeConfig::new().workers(0).try_build().unwrap_err();
    /// assert_eq!(error.to_string(), "`workers` is 0, and must be from 1 to 65535");
    /// ```
    #[derive(Eq)]
    config IntakeConfig {
        /// The number of calls that the server works on at a time.
        ///
        /// It is that of its threads, or of the calls that a task of its own lets through.
        /// With more calls than this in flight, the others stand in line.
        workers: count -> u32 = 1, 1..=65_535, at 42 floored;
        /// The longest time in line, of calls that are critical.
        ///
        /// Other calls may use a share of it, see [`Intake`](crate::Intake). With ten workers
        /// or more, what a call takes a worker on average is a good choice: a wait then
        /// doubles the mean answer at most, and as many calls may wait as there are
        /// workers. With fewer workers let it be longer: where fewer than some ten calls
        /// may wait, workers are idle now and then, and too little room is left for
        /// critical calls.
        max_wait: delay -> Duration = 20, 1..=3_600_000, at 0 floored;
    }
    => packed IntakeSettings
}

impl IntakeConfig {
    /// Checks the settings.
    ///
    /// # Panics
    /// On a value out of its range; in a `const` that is a compile error. Use
    /// [`try_build`](Self::try_build) for values that are known only at run time.
    #[must_use]
    #[track_caller]
    pub const fn build(self) -> IntakeSettings {
        match self.try_build() {
            Ok(settings) => settings,
            Err(error) => error.panic(),
        }
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`ConfigError`] with the first field that is out of its range.
    pub const fn try_build(self) -> Result<IntakeSettings, ConfigError> {
        if let Err(error) = self.check_rows() {
            return Err(error);
        }
        Ok(IntakeSettings(IntakeSettings::packed(&self)))
    }
}

/// Takes settings apart again, to change some of them.
impl From<IntakeSettings> for IntakeConfig {
    fn from(settings: IntakeSettings) -> Self {
        settings.config()
    }
}

/// Checked settings of an intake, packed into one word that changes without a lock.
/// [`IntakeConfig`] builds them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct IntakeSettings([u64; Self::WORDS]);

impl IntakeSettings {
    pub(crate) const WORDS: usize = 1;

    pub(crate) const fn pack(self) -> u64 {
        self.0[0]
    }

    #[inline]
    pub(crate) const fn unpack(word: u64) -> Self {
        Self([word])
    }

    /// The settings as an [`IntakeConfig`], to change one thing of them.
    ///
    /// ```
    /// use fusebox::{IntakeConfig, IntakeSettings};
    ///
    /// const API: IntakeSettings = IntakeConfig::new().workers(8).build();
    /// const LARGER: IntakeSettings = API.config().workers(16).build();
    /// assert_eq!((LARGER.workers(), LARGER.max_wait()), (16, API.max_wait()));
    /// ```
    pub const fn config(self) -> IntakeConfig {
        IntakeConfig { values: self.raw() }
    }

    #[inline]
    #[allow(clippy::cast_possible_truncation)] // an hour at most
    pub(super) const fn bounds(self) -> Bounds {
        Bounds { workers: self.workers(), max_wait: self.max_wait().as_nanos() as u64 }
    }
}
