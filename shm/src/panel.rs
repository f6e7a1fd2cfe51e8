//! A registry of any number of slots, for a tool.

use core::{fmt, sync::atomic::Ordering};
use std::path::{Path, PathBuf};

use fusebox::{DefaultObserver, LimitsReading, Panel, Pressure, StdClock};

use crate::{
    bulkhead::{readings, set_limit},
    epoch::Epoch,
    error::{BulkheadError, OpenError, Problem},
    header,
    map::Map,
    open::Good,
};

/// The breakers in a file that a program made, with any number of slots. It is
/// for tools that look at breakers and change them.
///
/// ```
/// use fusebox_shm::{Options, SharedPanel, SharedRegistry};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("panel");
/// let program = SharedRegistry::<64>::open(&path, Options::new())?;
/// let ai = program.get_or_default("ai")?;
///
/// let tool = SharedPanel::open(&path)?;
/// assert_eq!(tool.panel().capacity(), 64);
/// tool.panel().iter().for_each(|breaker| breaker.force_open());
/// assert!(ai.try_acquire().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SharedPanel {
    map: Map,
    path: PathBuf,
}

impl SharedPanel {
    /// Opens the file `path`, which must exist. The first to open it after a
    /// reboot stamps its breakers anew, as the [crate's docs](crate) say.
    ///
    /// # Errors
    /// [`OpenError`] names the file, and says what to do. Nothing was changed.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let map = Self::map(path).map_err(|problem| OpenError::new(path, problem))?;
        Ok(Self { map, path: path.to_owned() })
    }

    fn map(path: &Path) -> Result<Map, Problem> {
        Good::open(&header::PANEL, path, true, Epoch::current()?)?
            .map::<StdClock, DefaultObserver>()
    }

    /// Returns the breakers, with their limits.
    #[must_use]
    pub fn panel(&self) -> Panel<'_> {
        Panel::with_limits(self.map.slots(), self.map.limits())
    }

    /// Returns the host's pressure, which lies in the file: one sampler keeps it for all
    /// processes that share the panel, as `fusebox pressure` does.
    ///
    /// ```
    /// use fusebox::{PressureLevel, PressureReading};
    /// use fusebox_shm::{Options, SharedPanel, SharedRegistry};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("panel");
    /// let program = SharedRegistry::<64>::open(&path, Options::new())?;
    ///
    /// let sampler = SharedPanel::open(&path)?;
    /// sampler.pressure().set(PressureReading { cpu: 800, ..PressureReading::CALM });
    /// assert_eq!(program.pressure().level(), PressureLevel::Raised);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn pressure(&self) -> &Pressure {
        self.map.pressure()
    }

    /// Freezes the tuning of all breakers of the panel, for all processes, or thaws it. A tuner
    /// that heeds the switch, as `fusebox tune` does, then changes no setting.
    ///
    /// ```
    /// use fusebox_shm::{Options, SharedPanel, SharedRegistry};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("panel");
    /// let program = SharedRegistry::<64>::open(&path, Options::new())?;
    /// SharedPanel::open(&path)?.set_tuning_frozen(true);
    /// assert!(program.is_tuning_frozen());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_tuning_frozen(&self, frozen: bool) {
        // A flag of its own, beside which nothing has to be seen: relaxed.
        self.map.freeze().store(frozen.into(), Ordering::Relaxed);
    }

    /// Returns whether the tuning of all breakers of the panel is frozen.
    #[must_use]
    pub fn is_tuning_frozen(&self) -> bool {
        self.map.freeze().load(Ordering::Relaxed) != 0
    }

    /// Reads the limits of every registered slot that has any, with the number of the slot,
    /// from 0, and the calls that are in flight in bulkheads.
    pub fn limits_readings(&self) -> impl Iterator<Item = (usize, LimitsReading)> {
        readings(self.panel(), self.map.places())
    }

    /// Puts a limit of calls in flight in force in the slot with this number, from 0, for all
    /// processes: from 1 to 62, or none. Programs ask for it by
    /// [`SharedRegistry::bulkhead`](crate::SharedRegistry::bulkhead).
    ///
    /// # Errors
    /// [`BulkheadError`] on another limit, and for a slot that nobody has registered. Then
    /// nothing was changed.
    pub fn set_bulkhead(&self, slot: usize, limit: Option<usize>) -> Result<(), BulkheadError> {
        let limits = self.panel().limits_of(slot).ok_or(BulkheadError::NoSlot { slot })?;
        set_limit(limits, limit)
    }

    /// Returns the path of the file, as it was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Debug for SharedPanel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedPanel")
            .field("path", &self.path)
            .field("breakers", &self.panel())
            .finish_non_exhaustive()
    }
}
