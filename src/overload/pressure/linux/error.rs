//! Why a host's pressure cannot be read.

use core::fmt;
use std::{error::Error, io, path::PathBuf};

/// A host's pressure cannot be read. Its text names the file, and says what to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum PressureError {
    /// A file of the kernel's cannot be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file of the kernel's holds something else than it should.
    Strange {
        /// The file.
        path: PathBuf,
    },
}

impl fmt::Display for PressureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, error } => write!(
                f,
                "cannot read {}: {error}. Pressure needs Linux 4.20 or later with CONFIG_PSI, \
                 booted without `psi=0`; where there is none, measure it otherwise and call \
                 `Pressure::set`",
                path.display()
            ),
            Self::Strange { path } => write!(
                f,
                "{} does not say what Linux says there: measure pressure otherwise, and call \
                 `Pressure::set`",
                path.display()
            ),
        }
    }
}

impl Error for PressureError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unreadable { error, .. } => Some(error),
            Self::Strange { .. } => None,
        }
    }
}
