//! How to open a panel.

use crate::error::Problem;

/// Options for opening a panel.
///
/// ```
/// use fusebox_shm::{Options, SharedRegistry};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("panel");
/// // Shared with the group of the file.
/// const SHARED: Options = Options::new().mode(0o660);
/// let panel = SharedRegistry::<8>::open(&path, SHARED)?;
/// // A mode that its owner could not use is an error, and so is one to execute.
/// let error = SharedRegistry::<8>::open(&path, Options::new().mode(0o755)).unwrap_err();
/// assert!(error.to_string().ends_with(
///     "the mode 0755 must be from 0600 to 0666, with reading and writing for the owner only, or for others, too"
/// ));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Options {
    mode: u32,
    create: bool,
}

impl Options {
    /// Makes the default options: a file that is not there is made, with the
    /// mode 0600.
    pub const fn new() -> Self {
        Self { mode: 0o600, create: true }
    }

    /// Sets the mode of a file that is made, from 0600 to 0666. The umask does
    /// not change it. A file that exists keeps its mode.
    pub const fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    /// Sets whether a file is made where there is none.
    pub const fn create(mut self, create: bool) -> Self {
        self.create = create;
        self
    }

    pub(crate) const fn creates(self) -> bool {
        self.create
    }

    /// The mode, if it is one.
    pub(crate) const fn checked_mode(self) -> Result<u32, Problem> {
        match self.mode {
            mode if mode & 0o600 == 0o600 && mode & !0o666 == 0 => Ok(mode),
            mode => Err(Problem::Mode { mode }),
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}
