//! The shared bulkhead itself: how it is opened, and how it is asked.

use core::{
    fmt,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};
use std::path::{Path, PathBuf};

use fusebox::{DefaultObserver, Event, LimitKind, Limited, Name, Observer};

use crate::{
    bulkhead::{
        holder::{Held, Holder},
        places::{BEFORE, Places},
    },
    create,
    epoch::Epoch,
    error::{OpenError, Problem},
    header::BULKHEAD,
    map::Map,
    open::Good,
    options::Options,
    registry::PATIENCE,
};

/// A limit of the calls in flight that all processes of a host share, in a file of its
/// own.
///
/// It never admits more than its limit, and turns nobody away while a place is free. The
/// places of a process that was killed come back: whoever finds the bulkhead full looks
/// for dead holders, at most once in 10 ms, all processes together.
///
/// A call costs a compare-and-swap at its start and its end, and two calls of the kernel
/// that ask for the number of this process, as it may have been forked. Finding a free
/// place takes longer the fewer there are: the limit is for tens or hundreds of calls.
///
/// ```
/// use fusebox_shm::{Options, SharedBulkhead};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("workers");
/// // In every process, with the same limit. A service would say "/run/shop/workers".
/// let workers = SharedBulkhead::open(&path, 2, Options::new())?;
/// let other = SharedBulkhead::open(&path, 2, Options::new())?;
///
/// let first = workers.try_acquire()?;
/// let second = other.try_acquire()?;
/// assert_eq!(workers.try_acquire().unwrap_err().to_string(), "bulkhead `workers` is full");
/// drop(second);
/// assert_eq!((workers.in_flight(), workers.limit()), (1, 2));
/// # drop(first);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// What the [crate's docs](crate) say of a panel's file, its place, its mode and its
/// truncation, holds for a bulkhead's file. All processes must be numbered alike: those of
/// containers are, where the containers share one PID namespace. `/proc` must be mounted.
pub struct SharedBulkhead {
    map: Map,
    path: PathBuf,
    name: Option<Name>,
    holder: Holder,
    refused: AtomicU64,
}

impl SharedBulkhead {
    /// The largest limit.
    pub const MOST: usize = 1 << 16;

    /// Opens the bulkhead in the file `path`, and makes the file if there is none. Its
    /// errors and events carry the name of the file, if it is a [`Name`].
    ///
    /// # Errors
    /// [`OpenError`] names the file, and says what to do. Nothing was changed. One that
    /// was made for another limit is an error, too, and so is a limit that is not from 1
    /// to 65536.
    pub fn open(path: impl AsRef<Path>, limit: usize, options: Options) -> Result<Self, OpenError> {
        let path = path.as_ref();
        Self::map(path, limit, options).map_err(|problem| OpenError::new(path, problem))
    }

    fn map(path: &Path, limit: usize, options: Options) -> Result<Self, Problem> {
        if limit == 0 || limit > Self::MOST {
            return Err(Problem::Limit { limit });
        }
        let (mode, boot) = (options.checked_mode()?, Epoch::current()?);
        let holder = Holder::new(boot)?;
        for _ in 0..PATIENCE {
            match Good::open(&BULKHEAD, path, true, boot) {
                Ok(file) if file.slots() == limit + BEFORE => {
                    // Holders say of which boot they are.
                    let map = file.map_kept()?;
                    holder.agree(Places::new(map.numbers()))?;
                    let name = path.file_name().and_then(|name| name.to_str());
                    return Ok(Self {
                        map,
                        path: path.to_owned(),
                        name: name.and_then(|name| Name::try_new(name).ok()),
                        holder,
                        refused: AtomicU64::new(0),
                    });
                }
                Ok(file) => {
                    let found = file.slots() - BEFORE;
                    return Err(Problem::OtherLimit { found, asked: limit });
                }
                Err(Problem::NotFound) if options.creates() => {
                    // Made by us or by another: it is opened all the same.
                    create::create(&BULKHEAD, path, limit + BEFORE, mode, boot)?;
                }
                Err(problem) => return Err(problem),
            }
        }
        Err(Problem::Unsteady)
    }

    fn places(&self) -> Places<'_> {
        Places::new(self.map.numbers())
    }

    /// Takes a place for one call.
    ///
    /// # Errors
    /// [`Limited`] when so many calls are in flight as the limit allows; those of a
    /// process that was killed within the last 10 ms may still count. When a place will be
    /// free, nobody knows: it names no time. Also where this process was forked, and
    /// cannot read `/proc` any more.
    pub fn try_acquire(&self) -> Result<SharedPlace<'_>, Limited> {
        match self.holder.take(self.places()) {
            Some(held) => Ok(SharedPlace { _held: held }),
            None => Err(self.refuse()),
        }
    }

    #[cold]
    fn refuse(&self) -> Limited {
        self.refused.fetch_add(1, Relaxed);
        let limited = Limited::new(self.name, LimitKind::Bulkhead, None);
        DefaultObserver.on_event(&Event::Limited(&limited));
        limited
    }

    /// Returns how many calls may be in flight, in all processes together.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.places().limit()
    }

    /// Returns how many places are taken, in all processes together. Those of a process
    /// that was killed count until somebody finds the bulkhead full.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.places().taken()
    }

    /// Returns how many times callers of this value were turned away.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }

    /// Returns the path of the file, as it was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// A place in a [`SharedBulkhead`], held for as long as the call that needs it. Dropped,
/// it is given back, also when the call panics. One that is forgotten is lost until its
/// process ends.
#[derive(Debug)]
#[must_use = "a place that is dropped at once limits nothing"]
pub struct SharedPlace<'a> {
    _held: Held<'a>,
}

impl fmt::Debug for SharedBulkhead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedBulkhead")
            .field("path", &self.path)
            .field("limit", &self.limit())
            .field("in_flight", &self.in_flight())
            .finish_non_exhaustive()
    }
}
