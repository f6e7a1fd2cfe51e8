//! A registry in a file that all processes of a host may open.

use core::{fmt, marker::PhantomData, ops::Deref, sync::atomic::Ordering};
use std::{
    fs::File,
    path::{Path, PathBuf},
};

use fusebox::{
    AsKey, Clock, ConstDefault, DefaultObserver, Observer, Pressure, Registry, StdClock,
};

use crate::{
    bulkhead::PanelBulkhead,
    create,
    epoch::Epoch,
    error::{BulkheadError, OpenError, Problem},
    header,
    map::Map,
    open::Good,
    options::Options,
    sealed::sealed,
};

/// How often a file may vanish between two looks at it, or appear.
pub(crate) const PATIENCE: usize = 16;

/// Up to `N` breakers in a file that all processes of a host may open and
/// share.
///
/// It is a [`Registry`], and has all of its methods. Prefer
/// [`get_or_init`](Registry::get_or_init) to [`get_or_register`](Registry::get_or_register), as
/// others, be they older releases of the same program or an operator, may have
/// given a breaker other settings.
///
/// See the [crate's docs](crate) for where to put the file, and for an example.
///
/// A clock and an observer of your own are types without a size, since there
/// is no room in the file. All processes must use the same clock, or clocks of
/// one origin, as [`StdClock`] and [`PreciseClock`](fusebox::PreciseClock) are;
/// tools use [`StdClock`]. This does not compile, as the clock has a size:
///
/// ```compile_fail,E0080
/// use fusebox::{Clock, ConstDefault, DefaultObserver, Tick};
/// use fusebox_shm::{Options, SharedRegistry};
///
/// struct Since(Tick);
/// impl Clock for Since {
///     fn now(&self) -> Tick { self.0 }
/// }
/// impl ConstDefault for Since {
///     const DEFAULT: Self = Self(Tick::from_millis(0));
/// }
/// SharedRegistry::<8, Since, DefaultObserver>::open_with("panel", Options::new());
/// ```
pub struct SharedRegistry<const N: usize, C = StdClock, O = DefaultObserver> {
    map: Map,
    path: PathBuf,
    /// Sealed memory has its path for as long as this is open.
    _sealed: Option<File>,
    slots: PhantomData<Registry<N, C, O>>,
}

impl<const N: usize> SharedRegistry<N> {
    /// Opens the registry in the file `path`, and makes the file if there is
    /// none. Of several processes that do so at the same time, one makes it,
    /// and none waits for another.
    ///
    /// # Errors
    /// [`OpenError`] names the file, and says what to do. Nothing was changed.
    pub fn open(path: impl AsRef<Path>, options: Options) -> Result<Self, OpenError> {
        Self::open_with(path, options)
    }

    /// Makes a registry in memory that has no path, vanishes with its last
    /// user, and cannot be truncated. `name` is for people: `/proc/PID/maps`
    /// shows it.
    ///
    /// Its [`path`](Self::path) is `/proc/PID/fd/N` of this process: pass that
    /// to the others, which open it as they would a file. They keep the memory,
    /// and the path goes when this registry does. It can be
    /// opened by processes of the same user, and by root.
    ///
    /// ```
    /// use fusebox_shm::{Options, SharedPanel, SharedRegistry};
    ///
    /// let parent = SharedRegistry::<8>::sealed("shop")?;
    /// let path = parent.path(); // for the children's arguments or environment
    /// let child = SharedRegistry::<8>::open(path, Options::new().create(false))?;
    /// let tool = SharedPanel::open(path)?;
    /// parent.get_or_default("ai")?;
    /// assert!(child.get("ai").is_some() && tool.panel().get("ai").is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`OpenError`], for a name of more than 249 bytes among others.
    pub fn sealed(name: &str) -> Result<Self, OpenError> {
        Self::sealed_with(name)
    }
}

impl<const N: usize, C: Clock + ConstDefault, O: Observer + ConstDefault> SharedRegistry<N, C, O> {
    /// Opens the registry in the file `path`, with a clock and an observer of
    /// your own. The file is made if there is none.
    ///
    /// ```
    /// use fusebox::{CountCalls, PreciseClock};
    /// use fusebox_shm::{Options, SharedRegistry};
    ///
    /// type Panel = SharedRegistry<16, PreciseClock, CountCalls>;
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("panel");
    /// let panel = Panel::open_with(&path, Options::new())?;
    /// panel.get_or_default("ai")?.try_acquire().map(|permit| permit.success())?;
    /// assert_eq!(panel.get_or_default("ai")?.counters().calls, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`open`](SharedRegistry::open).
    pub fn open_with(path: impl AsRef<Path>, options: Options) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let map = Self::map(path, options).map_err(|problem| OpenError::new(path, problem))?;
        Ok(Self { map, path: path.to_owned(), _sealed: None, slots: PhantomData })
    }

    /// Makes a sealed registry, as [`sealed`](SharedRegistry::sealed) does,
    /// with a clock and an observer of your own.
    ///
    /// # Errors
    /// As there.
    pub fn sealed_with(name: &str) -> Result<Self, OpenError> {
        let make = || -> Result<Self, Problem> {
            const {
                assert!(
                    N > 0 && header::file_size(&header::PANEL, N).is_some(),
                    "no file has so many slots"
                );
            };
            let epoch = Epoch::current()?;
            let (file, path) = sealed(name, N, epoch)?;
            let map = Good::open(&header::PANEL, &path, true, epoch)?.map::<C, O>()?;
            Ok(Self { map, path, _sealed: Some(file), slots: PhantomData })
        };
        make().map_err(|problem| OpenError::new(Path::new(name), problem))
    }

    fn map(path: &Path, options: Options) -> Result<Map, Problem> {
        const {
            assert!(
                N > 0 && header::file_size(&header::PANEL, N).is_some(),
                "no file has so many slots"
            );
        };
        let mode = options.checked_mode()?;
        let epoch = Epoch::current()?;
        for _ in 0..PATIENCE {
            match Good::open(&header::PANEL, path, true, epoch) {
                Ok(file) if file.slots() == N => return file.map::<C, O>(),
                Ok(file) => return Err(Problem::SlotCount { found: file.slots(), asked: N }),
                Err(Problem::NotFound) if options.creates() => {
                    // Made by us or by another: it is opened all the same.
                    create::create(&header::PANEL, path, N, mode, epoch)?;
                }
                Err(problem) => return Err(problem),
            }
        }
        Err(Problem::Unsteady)
    }

    /// Keeps the registry for the rest of the process's life, for a `static` or
    /// for breakers that must live as long.
    pub fn leak(self) -> &'static Registry<N, C, O>
    where
        C: 'static,
        O: 'static,
    {
        Box::leak(Box::new(self))
    }
}

impl<const N: usize, C: ConstDefault, O: ConstDefault> SharedRegistry<N, C, O> {
    /// Finds the bulkhead of the slot called `name`, or registers the slot. It admits every
    /// call until it is given a limit. All processes share it; one that is killed loses no
    /// place.
    ///
    /// # Errors
    /// [`BulkheadError`] as [`Registry::limits`] has them; also where those who hold places
    /// are numbered otherwise than this process, as in another PID namespace, and where
    /// `/proc` cannot be read.
    pub fn bulkhead<K: AsKey + ?Sized>(
        &self,
        name: &K,
    ) -> Result<PanelBulkhead<'_, C, O>, BulkheadError> {
        PanelBulkhead::find(&self.map, name)
    }

    /// Returns the host's pressure, which lies in the file: one sampler keeps it for all
    /// processes that share the panel, as `fusebox pressure` does. Without one the host is
    /// calm.
    ///
    /// To keep it for the rest of the process's life, as a retry that heeds it asks, leak
    /// the whole: `Box::leak(Box::new(registry))`.
    #[must_use]
    pub fn pressure(&self) -> &Pressure<C> {
        self.map.pressure()
    }
}

impl<const N: usize, C, O> SharedRegistry<N, C, O> {
    /// Freezes the tuning of all breakers of the panel, for all processes, or thaws it. A tuner
    /// that heeds the switch, as `fusebox tune` does, then changes no setting.
    ///
    /// ```
    /// use fusebox_shm::{Options, SharedRegistry, SharedView};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("panel");
    /// let program = SharedRegistry::<64>::open(&path, Options::new())?;
    /// program.set_tuning_frozen(true);
    /// assert!(program.is_tuning_frozen() && SharedView::open(&path)?.is_tuning_frozen());
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

    /// Returns the path of the file, as it was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl<const N: usize, C: ConstDefault, O: ConstDefault> Deref for SharedRegistry<N, C, O> {
    type Target = Registry<N, C, O>;

    #[inline]
    fn deref(&self) -> &Registry<N, C, O> {
        self.map.registry()
    }
}

impl<const N: usize, C: ConstDefault, O: ConstDefault> fmt::Debug for SharedRegistry<N, C, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedRegistry")
            .field("path", &self.path)
            .field("breakers", &**self)
            .finish_non_exhaustive()
    }
}
