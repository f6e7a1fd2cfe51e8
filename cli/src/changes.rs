//! Changes of a breaker's settings, made and shown.

use fusebox::{BreakerConfig, BreakerSettings, ConfigError};

use crate::given::{Given, GivenError, shown};

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
