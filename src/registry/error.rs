//! Why a registry gave no breaker.

use core::{error::Error, fmt};

use crate::{
    breaker::settings::BreakerSettings,
    name::{Name, NameError},
};

/// A registry gave no breaker, and nothing in it was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistryError {
    /// The name is not one that a breaker can have.
    Name(NameError),
    /// Every slot belongs to another name.
    Full {
        /// The number of slots.
        capacity: usize,
    },
    /// The panel was made without limits.
    NoLimits,
    /// The breaker exists with other settings.
    Clash {
        /// The breaker's name.
        name: Name,
        /// The settings it has.
        published: BreakerSettings,
        /// The settings that were asked for.
        asked: BreakerSettings,
    },
}

impl From<NameError> for RegistryError {
    fn from(error: NameError) -> Self {
        Self::Name(error)
    }
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(error) => error.fmt(f),
            Self::Full { capacity } => {
                write!(f, "the registry is full: all its {capacity} slots have other names")
            }
            Self::NoLimits => f.write_str("the panel was made of breakers alone, without limits"),
            Self::Clash { name, published, asked } => write!(
                f,
                "breaker `{name}` has the settings [{published}], and [{asked}] were asked for"
            ),
        }
    }
}

// Its text is its cause's text, so it has no further source.
impl Error for RegistryError {}
