//! Why a panel was not opened.

use std::{
    error::Error,
    fmt, io,
    path::{Path, PathBuf},
};

use fusebox::RegistryError;

/// A panel was not opened. Its file, if there is one, was not changed.
#[derive(Debug)]
pub struct OpenError {
    path: PathBuf,
    problem: Problem,
}

impl OpenError {
    pub(crate) fn new(path: &Path, problem: Problem) -> Self {
        Self { path: path.to_owned(), problem }
    }

    /// Returns the path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns what is wrong.
    #[must_use]
    pub const fn problem(&self) -> &Problem {
        &self.problem
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.path.display(), self.problem)
    }
}

impl Error for OpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.problem.source()
    }
}

/// There is no bulkhead in a panel's slot, or not with that limit. Nothing was changed but
/// for the slot, which may be registered now.
#[derive(Debug)]
#[non_exhaustive]
pub enum BulkheadError {
    /// The slot was not found, and not registered.
    Registry(RegistryError),
    /// The limit that was asked for is not possible.
    Limit {
        /// That limit.
        limit: usize,
    },
    /// No slot has this number, or nobody has registered it.
    NoSlot {
        /// That number.
        slot: usize,
    },
    /// This process cannot hold places: it is numbered otherwise than those that do, or
    /// cannot tell how.
    Problem(Problem),
}

impl fmt::Display for BulkheadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(error) => error.fmt(f),
            Self::Limit { limit } => {
                let most = crate::PanelBulkhead::MOST;
                write!(f, "`bulkhead` is {limit}, and must be from 1 to {most} in a panel")
            }
            Self::NoSlot { slot } => write!(f, "nobody has registered slot {slot}"),
            Self::Problem(Problem::PidNamespace) => f.write_str(
                "processes of another PID namespace have places in the bulkhead, and their end \
                 cannot be seen from here: run all programs that take them in one of them",
            ),
            Self::Problem(problem) => write!(f, "the bulkhead {problem}"),
        }
    }
}

impl Error for BulkheadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Problem(problem) => problem.source(),
            _ => None,
        }
    }
}

/// What is wrong with the file of a panel.
#[derive(Debug)]
#[non_exhaustive]
pub enum Problem {
    /// There is no such file, and none was to be made.
    NotFound,
    /// The path is a symbolic link to nothing.
    Dangling,
    /// The folder does not exist, or nobody may make a file there.
    Folder(io::Error),
    /// The path leads to something that is no file of bytes.
    NotAFile {
        /// What it is.
        kind: &'static str,
    },
    /// This user may not open the file.
    Permission {
        /// Whether it was to be written, too.
        write: bool,
        /// Its mode.
        mode: u32,
        /// The number of the user to whom it belongs.
        owner: u32,
    },
    /// The file system is mounted read-only.
    ReadOnly,
    /// The file has no bytes.
    Empty,
    /// The file does not start as a panel does.
    NotAPanel,
    /// The file does not start as a trace does.
    NotATrace,
    /// The file does not start as a bulkhead does.
    NotABulkhead,
    /// The file comes from a host of the other byte order.
    ByteOrder,
    /// The layout is that of another release.
    Version {
        /// The file's version.
        found: u64,
        /// This program's.
        own: u64,
    },
    /// The file starts as a panel, but its header contradicts itself.
    Damaged,
    /// The slots have the size of another release.
    SlotSize {
        /// Bytes of the file's slots.
        found: u64,
        /// Bytes of this program's.
        own: u64,
    },
    /// The file has another number of slots.
    SlotCount {
        /// The file's slots.
        found: usize,
        /// How many were asked for.
        asked: usize,
    },
    /// The bulkhead in the file has another limit.
    OtherLimit {
        /// The file's limit.
        found: usize,
        /// That which was asked for.
        asked: usize,
    },
    /// The limit that was asked for is not possible.
    Limit {
        /// That limit.
        limit: usize,
    },
    /// The file is shorter or longer than its header says.
    Length {
        /// Bytes of the file.
        found: u64,
        /// Bytes that its slots need, with the header.
        expected: u64,
    },
    /// The file system is full, or this user's share of it.
    NoSpace {
        /// Bytes of the whole file.
        needed: u64,
    },
    /// This process may not write so large a file.
    TooLarge {
        /// Bytes of the whole file.
        needed: u64,
    },
    /// Processes with another monotonic clock use it: they are in another time
    /// namespace.
    TimeNamespace,
    /// Processes that are numbered otherwise use it: they are in another PID namespace.
    PidNamespace,
    /// The kernel did not say which boot this is.
    Boot(io::Error),
    /// The mode that was asked for is not possible.
    Mode {
        /// That mode.
        mode: u32,
    },
    /// The file appears and vanishes again and again.
    Unsteady,
    /// The system refused something else.
    System {
        /// What.
        step: &'static str,
        /// Why.
        error: io::Error,
    },
}

impl Problem {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Folder(error) | Self::Boot(error) | Self::System { error, .. } => Some(error),
            _ => None,
        }
    }
}

const REMAKE: &str = "when no program uses it, delete it, and the next one makes it anew";

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str(
                "there is no such file: start the program whose panel it is, or check the path",
            ),
            Self::Dangling => f.write_str(
                "is a symbolic link to nothing: make what it points to, or give another path",
            ),
            Self::Folder(_) => f.write_str(
                "no file can be made in its folder: make the folder, or let this user write in it",
            ),
            Self::NotAFile { kind } => {
                write!(f, "is a {kind}: give the path of a file, or of none yet")
            }
            Self::Permission { write, mode, owner } => write!(
                f,
                "this user may not {} it (mode {mode:04o}, owner {owner}): run as its owner, or \
                 give it another mode",
                if *write { "read and write" } else { "read" },
            ),
            Self::ReadOnly => f.write_str(
                "its file system is read-only: give a path on another one, such as /run or \
                 /dev/shm",
            ),
            Self::Empty => f.write_str("is empty, and no panel is: give another path"),
            Self::NotAPanel => f.write_str("is no panel of breakers: give another path"),
            Self::NotATrace => f.write_str("is no trace of calls: give another path"),
            Self::NotABulkhead => f.write_str("is no bulkhead: give another path"),
            Self::ByteOrder => {
                write!(f, "comes from a host of the other byte order: {REMAKE}")
            }
            Self::Version { found, own } => write!(
                f,
                "has layout {found} and this program has {own}: use one release of fusebox in \
                 all programs; {REMAKE}"
            ),
            Self::Damaged => write!(f, "its header is damaged: {REMAKE}"),
            Self::SlotSize { found, own } => write!(
                f,
                "its slots have {found} bytes and this program's have {own}: use one release of \
                 fusebox in all programs; {REMAKE}"
            ),
            Self::SlotCount { found, asked } => write!(
                f,
                "has {found} slots and {asked} were asked for: ask for the same number in all \
                 programs; {REMAKE}"
            ),
            Self::OtherLimit { found, asked } => write!(
                f,
                "has a limit of {found} and {asked} was asked for: ask for the same limit in all \
                 programs; {REMAKE}"
            ),
            Self::Limit { limit } => {
                write!(f, "the limit {limit} must be from 1 to {}", crate::SharedBulkhead::MOST)
            }
            Self::Length { found, expected } => write!(
                f,
                "has {found} bytes instead of {expected}, so somebody {} it: {REMAKE}",
                if found < expected { "truncated" } else { "extended" },
            ),
            Self::NoSpace { needed } => {
                write!(f, "its file system has no room for {needed} bytes: make room there")
            }
            Self::TooLarge { needed } => write!(
                f,
                "has {needed} bytes, more than a file may have here: raise the limit \
                 (`ulimit -f`), or ask for fewer slots"
            ),
            Self::TimeNamespace => write!(
                f,
                "is stamped by another monotonic clock, that of another time namespace: run all \
                 its programs in one of them; {REMAKE}"
            ),
            Self::PidNamespace => write!(
                f,
                "is used by processes of another PID namespace, whose end nobody here can see: run \
                 all its programs in one of them; {REMAKE}"
            ),
            Self::Boot(_) => f.write_str(
                "cannot tell by whose clock it is stamped: /proc must be mounted and readable",
            ),
            Self::Mode { mode } => write!(
                f,
                "the mode {mode:04o} must be from 0600 to 0666, with reading and writing for \
                 the owner only, or for others, too"
            ),
            Self::Unsteady => {
                f.write_str("appears and vanishes: find out which program deletes it, and why")
            }
            Self::System { step, .. } => write!(f, "the system did not {step}"),
        }
    }
}
