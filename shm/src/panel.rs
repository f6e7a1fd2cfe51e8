//! A registry of any number of slots, for a tool.

use core::fmt;
use std::path::{Path, PathBuf};

use fusebox::{DefaultObserver, Panel, StdClock};

use crate::{
    epoch::Epoch,
    error::{OpenError, Problem},
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
