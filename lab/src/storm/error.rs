//! Why a storm's file is none.

use std::fmt;

/// A file describes no storm.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StormError {
    /// It is not written as a storm is: the line, and what is allowed there.
    Syntax {
        /// The place, the line itself and the reason, over several lines.
        message: String,
    },
    /// A value is out of its range.
    Range {
        /// The field, with its table.
        field: &'static str,
        /// What was there.
        value: String,
        /// What may be there.
        range: &'static str,
    },
}

impl StormError {
    pub(super) fn at(error: &toml::de::Error) -> Self {
        Self::Syntax { message: error.to_string().trim_end().into() }
    }
}

impl fmt::Display for StormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { message } => f.write_str(message),
            Self::Range { field, value, range } => {
                write!(f, "`{field}` is {value}; it must be {range}")
            }
        }
    }
}

impl std::error::Error for StormError {}
