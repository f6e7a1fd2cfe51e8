//! Changes of a breaker's settings, made and shown.

use std::fmt;

use fusebox::{BreakerConfig, BreakerSettings, ConfigError};

use crate::{
    given::{Given, GivenError, shown},
    limits,
};

/// One change, of a breaker's settings or of a limit's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// Of the breaker.
    Breaker(Given),
    /// Of a limit beside it.
    Limit(limits::Change),
}

impl Change {
    /// Reads one change of either kind, as `set` takes it.
    ///
    /// # Errors
    /// [`ChangeError`] when it is no `key=value` that means anything.
    pub fn parse(text: &str) -> Result<Self, ChangeError> {
        match limits::Change::parse(text) {
            Some(change) => change.map(Self::Limit).map_err(ChangeError::Limit),
            None => parse(text).map(Self::Breaker).map_err(ChangeError::Breaker),
        }
    }

    /// Its key.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Breaker(given) => given.setting.name(),
            Self::Limit(change) => change.name(),
        }
    }
}

/// A text is no change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeError {
    /// Nor is it a limit's.
    Breaker(GivenError),
    /// Its key is a limit's.
    Limit(limits::NoValue),
}

impl fmt::Display for ChangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Breaker(error @ GivenError::Key { .. }) => {
                write!(f, "{error}; and of the limits {}", limits::names())
            }
            Self::Breaker(error) => error.fmt(f),
            Self::Limit(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ChangeError {}

/// Reads one change, as `set` takes it.
///
/// # Errors
/// [`GivenError`] when it is no `key=value` that means anything.
pub fn parse(text: &str) -> Result<Given, GivenError> {
    Given::parse(text, BreakerConfig::TABLE)
}

/// `settings` with all `changes`, or none of them.
///
/// # Errors
/// [`ConfigError`] when a value is out of its range.
///
/// # Panics
/// On a setting of another table, which the command line cannot give.
pub fn apply(changes: &[Given], settings: BreakerSettings) -> Result<BreakerSettings, ConfigError> {
    let change = |config: BreakerConfig, Given { setting, value }: &Given| {
        config.set(setting.name(), *value).expect("it is from the table")
    };
    changes.iter().fold(BreakerConfig::from(settings), change).try_build()
}

/// Every setting by its name, as `set` takes it.
pub fn list(settings: BreakerSettings) -> impl Iterator<Item = (&'static str, String)> {
    settings.values().map(|(setting, value)| (setting.name(), shown(setting, value)))
}

/// What differs, as `probes 1 -> 2`.
#[must_use]
pub fn differences(old: BreakerSettings, new: BreakerSettings) -> Vec<String> {
    let both = list(old).zip(list(new));
    both.filter(|(old, new)| old != new)
        .map(|((key, old), (_, new))| format!("{key} {old} -> {new}"))
        .collect()
}
