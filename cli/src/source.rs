//! Where readings come from: the one file that knows the shared panel.

use std::{
    collections::HashMap,
    error::Error as _,
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use fusebox::{CircuitBreaker, Limits, LimitsReading, Panel, Pressure, Reading};
use fusebox_shm::{OpenError, PanelBulkhead, Problem, SharedPanel, SharedView};

use crate::{
    escape::escape,
    failure::{Failure, say},
    pressure::Pressed,
};

/// The largest limit of the calls in flight that a slot can have.
pub const MOST_IN_FLIGHT: usize = PanelBulkhead::MOST;

/// A panel's file, mapped.
#[derive(Debug)]
pub struct Source {
    map: Map,
    path: PathBuf,
    id: Option<FileId>,
}

#[derive(Debug)]
enum Map {
    /// To change what is in it, too.
    Panel(SharedPanel),
    /// To look at it.
    View(SharedView),
}

impl Source {
    /// Maps `path` to look at it.
    ///
    /// # Errors
    /// [`Failure`] that names the file and says what to do.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        Self::open(path, |path| SharedView::open(path).map(Map::View))
    }

    /// Maps `path` to change what is in it.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn write(path: &Path) -> Result<Self, Failure> {
        Self::open(path, |path| SharedPanel::open(path).map(Map::Panel))
    }

    /// Maps `path` to change what is in it if that is allowed, or else to look
    /// at it.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn write_or_read(path: &Path) -> Result<Self, Failure> {
        Self::open(path, |path| match SharedPanel::open(path) {
            Err(error) if is_forbidden(&error) => SharedView::open(path).map(Map::View),
            other => other.map(Map::Panel),
        })
    }

    fn open(path: &Path, map: impl Fn(&Path) -> Result<Map, OpenError>) -> Result<Self, Failure> {
        // Should the file be replaced meanwhile, `renewed` will see it: then
        // this is not the identity of what was mapped.
        let id = file_id(path);
        let map = map(path).map_err(|error| failure(&error))?;
        Ok(Self { map, path: path.to_owned(), id })
    }

    /// The path of its file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many breakers there can be.
    #[must_use]
    pub fn capacity(&self) -> usize {
        match &self.map {
            Map::Panel(shared) => shared.panel().capacity(),
            Map::View(view) => view.capacity(),
        }
    }

    /// A reading of each breaker, with the number of its slot.
    #[must_use]
    pub fn readings(&self) -> Vec<(usize, Reading)> {
        match &self.map {
            Map::Panel(shared) => shared.panel().readings().collect(),
            Map::View(view) => view.readings().collect(),
        }
    }

    /// A reading of the limits of each slot that has any, with its number.
    #[must_use]
    pub fn limits(&self) -> HashMap<usize, LimitsReading> {
        match &self.map {
            Map::Panel(shared) => shared.limits_readings().collect(),
            Map::View(view) => view.limits_readings().collect(),
        }
    }

    /// The host's pressure, where somebody samples it.
    #[must_use]
    pub fn pressure(&self) -> Option<Pressed> {
        let looked = match &self.map {
            Map::Panel(shared) => shared.pressure().look(),
            Map::View(view) => view.pressure(),
        };
        looked.map(|(reading, level)| Pressed { reading, level })
    }

    /// The host's pressure, to be written.
    ///
    /// # Errors
    /// [`Failure`] where that is not allowed.
    pub fn host(&self) -> Result<&Pressure, Failure> {
        match &self.map {
            Map::Panel(shared) => Ok(shared.pressure()),
            Map::View(_) => Err(self.read_only()),
        }
    }

    /// Whether tuning is frozen in the panel.
    #[must_use]
    pub fn is_tuning_frozen(&self) -> bool {
        match &self.map {
            Map::Panel(shared) => shared.is_tuning_frozen(),
            Map::View(view) => view.is_tuning_frozen(),
        }
    }

    /// Freezes tuning in the panel, or thaws it.
    ///
    /// # Errors
    /// [`Failure`] where that is not allowed.
    pub fn set_tuning_frozen(&self, frozen: bool) -> Result<(), Failure> {
        let Map::Panel(shared) = &self.map else { return Err(self.read_only()) };
        shared.set_tuning_frozen(frozen);
        Ok(())
    }

    /// The panel, where it may be changed.
    #[must_use]
    pub fn panel(&self) -> Option<Panel<'_>> {
        match &self.map {
            Map::Panel(shared) => Some(shared.panel()),
            Map::View(_) => None,
        }
    }

    /// The breaker in a slot, to be changed.
    ///
    /// # Errors
    /// [`Failure`] where that is not allowed.
    pub fn breaker(&self, slot: usize) -> Result<&CircuitBreaker, Failure> {
        self.panel().and_then(|panel| panel.slots().get(slot)).ok_or_else(|| self.read_only())
    }

    /// The limits in a slot, to be changed.
    ///
    /// # Errors
    /// As [`breaker`](Self::breaker).
    pub fn limits_of(&self, slot: usize) -> Result<&Limits, Failure> {
        self.panel().and_then(|panel| panel.limits_of(slot)).ok_or_else(|| self.read_only())
    }

    /// Puts a limit of the calls in flight in force in a slot, up to [`MOST_IN_FLIGHT`], or
    /// none.
    ///
    /// # Errors
    /// [`Failure`] on another limit, and as [`breaker`](Self::breaker).
    pub fn set_bulkhead(&self, slot: usize, limit: Option<u32>) -> Result<(), Failure> {
        let Map::Panel(shared) = &self.map else { return Err(self.read_only()) };
        let set = shared.set_bulkhead(slot, limit.map(|limit| limit as usize));
        set.map_err(|error| Failure::because(error.to_string()))
    }

    fn read_only(&self) -> Failure {
        Failure::because(format!("`{}` was opened to be read only", shown(&self.path)))
    }

    /// The file that its path leads to by now, mapped in the same way; `None`
    /// while that is the one that is mapped. A file that was replaced lives on
    /// for those that have it, and no program that starts now shares it.
    ///
    /// # Errors
    /// [`Failure`] when there is no file any more, or another thing.
    pub fn renewed(&self) -> Result<Option<Self>, Failure> {
        match (file_id(&self.path), &self.map) {
            (Some(id), _) if Some(id) == self.id => Ok(None),
            (_, Map::Panel(_)) => Self::write_or_read(&self.path).map(Some),
            (_, Map::View(_)) => Self::read(&self.path).map(Some),
        }
    }

    /// Says so when no program has opened the panel since the host's start: its
    /// times are those of a clock that is gone.
    pub fn warn(&self) {
        if let Map::View(view) = &self.map
            && view.is_from_before_boot()
        {
            say("warning: no program has opened this panel since the host started: its times \
                 mean nothing until one does");
        }
    }
}

/// The same for as long as the file lives.
type FileId = (u64, u64);

fn file_id(path: &Path) -> Option<FileId> {
    fs::metadata(path).ok().map(|data| (data.dev(), data.ino()))
}

/// Whether it is only the writing that is not allowed.
fn is_forbidden(error: &OpenError) -> bool {
    matches!(error.problem(), Problem::Permission { .. } | Problem::ReadOnly)
}

/// Why a file was not opened.
pub(crate) fn failure(error: &OpenError) -> Failure {
    let why = error.source().map(|source| format!(": {source}")).unwrap_or_default();
    Failure::because(escape(&format!("{error}{why}")))
}

/// A path, escaped.
#[must_use]
pub fn shown(path: &Path) -> String {
    escape(&path.to_string_lossy())
}
