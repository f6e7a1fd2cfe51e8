//! A trace in a file that all processes of a host may open.

use std::path::{Path, PathBuf};

#[cfg(target_pointer_width = "64")]
use fusebox::Entry;
use fusebox::Trace;

#[cfg(target_pointer_width = "64")]
use crate::map::ReadOnly;
use crate::{
    create,
    epoch::Epoch,
    error::{OpenError, Problem},
    header::TRACE,
    map::Map,
    open::Good,
    options::Options,
    registry::PATIENCE,
};

/// A ring of records in a file, beside that of a panel: all processes write into it what
/// became of their calls, and a tool reads it.
///
/// ```
/// use fusebox::{BreakerConfig, set_trace};
/// use fusebox_shm::{Options, SharedRegistry, SharedTrace, SharedTraceView};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("panel");
/// let panel = SharedRegistry::<64>::open(&path, Options::new())?;
/// // 65536 records of 8 bytes each. Until a breaker is recorded it costs nothing.
/// let trace = SharedTrace::open(path.with_added_extension("trace"), 1 << 16, Options::new())?;
/// set_trace(trace.leak())?;
///
/// // What `fusebox record on shop` does from outside: its slot's number, plus one.
/// let shop = panel.get_or_init("shop", BreakerConfig::new().build())?;
/// let slot = panel.panel().slots().iter().position(|it| core::ptr::eq(it, shop)).unwrap();
/// shop.set_recorded(Some(slot as u16 + 1));
/// let _ = shop.call(|| "x".parse::<u32>());
/// let view = SharedTraceView::open(path.with_added_extension("trace"))?;
/// assert!(view.entries().count() > 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// What the [crate's docs](crate) say of a panel's file, its place, its mode and its
/// truncation, holds for a trace's file.
#[derive(Debug)]
pub struct SharedTrace {
    map: Map,
    path: PathBuf,
}

impl SharedTrace {
    /// Opens the trace in the file `path`, and makes the file if there is none, for so
    /// many records, rounded down to a power of two, and 64 at least. A file that exists
    /// keeps its size.
    ///
    /// # Errors
    /// [`OpenError`] names the file, and says what to do. Nothing was changed.
    pub fn open(
        path: impl AsRef<Path>,
        records: usize,
        options: Options,
    ) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let map = Self::map(path, records, options).map_err(|it| OpenError::new(path, it))?;
        Ok(Self { map, path: path.to_owned() })
    }

    fn map(path: &Path, records: usize, options: Options) -> Result<Map, Problem> {
        let (mode, epoch) = (options.checked_mode()?, Epoch::current()?);
        let records = 1 << records.max(Trace::LEAST).ilog2();
        for _ in 0..PATIENCE {
            match Good::open(&TRACE, path, true, epoch) {
                Ok(file) => return file.map_kept(),
                Err(Problem::NotFound) if options.creates() => {
                    // Made by us or by another: it is opened all the same.
                    create::create(&TRACE, path, Trace::words(records), mode, epoch)?;
                }
                Err(problem) => return Err(problem),
            }
        }
        Err(Problem::Unsteady)
    }

    /// Returns the trace.
    #[must_use]
    pub fn trace(&self) -> Trace<'_> {
        Trace::new(self.map.words())
    }

    /// Keeps the trace for the rest of the process's life, for
    /// [`set_trace`](fusebox::set_trace).
    pub fn leak(self) -> Trace<'static> {
        Box::leak(Box::new(self)).trace()
    }

    /// Returns the path of the file, as it was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// A trace in a file that a program made, to look at only. It is for tools that may not
/// write the file.
#[cfg(target_pointer_width = "64")]
#[derive(Debug)]
pub struct SharedTraceView {
    map: ReadOnly,
}

#[cfg(target_pointer_width = "64")]
impl SharedTraceView {
    /// Opens the file `path`, which must exist.
    ///
    /// # Errors
    /// [`OpenError`] names the file, and says what to do.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let open = || Good::open(&TRACE, path, false, Epoch::current()?)?.map_read_only();
        open().map(|map| Self { map }).map_err(|problem| OpenError::new(path, problem))
    }

    /// Reads what is there now, from the oldest to the latest.
    pub fn entries(&self) -> impl Iterator<Item = Entry> {
        self.map.entries()
    }

    /// Returns how many records the trace keeps.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.map.records().0
    }

    /// Returns how many records were written so far.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.map.records().1
    }
}
