//! Settings that are read from a file.

use std::path::Path;

use fusebox::BreakerConfig;

use crate::{escape::escape, failure::Failure, source::shown};

/// Reads a breaker's settings, in TOML.
///
/// # Errors
/// [`Failure`] that names the file, the line, and what is wrong there.
pub fn read(path: &Path) -> Result<fusebox::BreakerSettings, Failure> {
    let failure = |line: Option<usize>, why: &str| {
        let line = line.map(|line| format!(", line {line}")).unwrap_or_default();
        Failure::because(format!("`{}`{line}: {}", shown(path), escape(why)))
    };
    let text = std::fs::read_to_string(path)
        .map_err(|error| failure(None, &format!("cannot be read: {error}")))?;
    let config: BreakerConfig = toml::from_str(&text).map_err(|error| {
        let why = error.message();
        let at = place(&text, why, error.span().map(|span| span.start));
        failure(at, why)
    })?;
    config.try_build().map_err(|error| failure(None, &error.to_string()))
}

/// The line of an error: that of the setting that it names, or where it was noticed.
fn place(text: &str, why: &str, at: Option<usize>) -> Option<usize> {
    let name = why.strip_prefix('`').and_then(|rest| rest.split('`').next());
    let is_named = |line: &str| name.is_some_and(|name| line.trim_start().starts_with(name));
    let noticed = || Some(text.get(..at?)?.matches('\n').count());
    text.lines().position(is_named).or_else(noticed).map(|line| line + 1)
}
