//! A registry of any number of slots, to look at only.

use core::fmt;
use std::path::{Path, PathBuf};

use fusebox::{LimitsReading, PressureLevel, PressureReading, Reading};

use crate::{
    epoch::Epoch,
    error::{OpenError, Problem},
    header,
    map::ReadOnly,
    open::Good,
};

/// The breakers in a file that a program made, to look at only. It is for tools
/// that may not write the file.
///
/// ```
/// use fusebox::health::{Monitor, Window};
/// use fusebox_shm::{Options, SharedRegistry, SharedView};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("panel");
/// let program = SharedRegistry::<64>::open(&path, Options::new())?;
/// program.get_or_default("ai")?.force_open();
///
/// let view = SharedView::open(&path)?;
/// for (slot, reading) in view.readings() {
///     println!("slot {slot}: {:?} is {}", reading.name, reading.snapshot.state);
/// }
/// let mut monitor = Monitor::<6, _>::new(vec![Window::new(); view.capacity()]);
/// monitor.observe(view.readings());
/// assert_eq!(monitor.score(), Some(0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SharedView {
    map: ReadOnly,
    path: PathBuf,
    epoch: Epoch,
}

impl SharedView {
    /// Opens the file `path`, which must exist.
    ///
    /// # Errors
    /// [`OpenError`] names the file, and says what to do.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let open = || -> Result<Self, Problem> {
            let epoch = Epoch::current()?;
            let map = Good::open(&header::PANEL, path, false, epoch)?.map_read_only()?;
            Ok(Self { map, path: path.to_owned(), epoch })
        };
        open().map_err(|problem| OpenError::new(path, problem))
    }

    /// Reads every registered breaker, with the number of its slot, from 0.
    pub fn readings(&self) -> impl Iterator<Item = (usize, Reading)> {
        self.map.readings()
    }

    /// Reads the limits of every registered slot that has any, with the number of the slot,
    /// from 0. In a file [from before boot](Self::is_from_before_boot) the calls in flight are
    /// those of that time.
    pub fn limits_readings(&self) -> impl Iterator<Item = (usize, LimitsReading)> {
        self.map.limits_readings()
    }

    /// Reads the host's pressure, and the level that follows, where somebody samples it:
    /// `None` otherwise.
    #[must_use]
    pub fn pressure(&self) -> Option<(PressureReading, PressureLevel)> {
        if self.is_from_before_boot() { None } else { self.map.pressure() }
    }

    /// Returns whether tuning is frozen for all breakers of the panel.
    #[must_use]
    pub fn is_tuning_frozen(&self) -> bool {
        self.map.is_tuning_frozen()
    }

    /// Returns the largest number of breakers.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.map.capacity()
    }

    /// Returns whether the file is from before the host's last start, and no
    /// program has opened it since. Every time in a reading then belongs to a
    /// clock that is gone, and means nothing. A view cannot stamp the breakers
    /// anew; a program that opens the file for writing does.
    #[must_use]
    pub fn is_from_before_boot(&self) -> bool {
        self.map.epoch() != self.epoch
    }

    /// Returns the path of the file, as it was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Debug for SharedView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("SharedView");
        shown.field("path", &self.path).field("capacity", &self.capacity()).finish_non_exhaustive()
    }
}
