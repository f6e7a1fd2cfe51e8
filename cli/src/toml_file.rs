//! Settings and storms as TOML: an error names the line, and what is allowed there.

mod place;

use std::{
    fmt,
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use fusebox::{BreakerConfig, BreakerSettings};
use fusebox_lab::storm::{Storm, StormError};
use serde::de::DeserializeOwned;

use crate::{escape::escape, failure::Failure, source::shown};

/// Reads a breaker's settings.
///
/// # Errors
/// [`TomlError`] names the line.
///
/// ```
/// use fusebox_cli::toml_file::settings;
///
/// assert_eq!(settings("failure_threshold = 3").unwrap().failure_threshold(), 3);
/// let error = settings("# mine\nfailure_threshold = 0").unwrap_err();
/// assert_eq!(error.to_string(), "line 2: `failure_threshold` is 0, and must be from 1 to 2047");
/// ```
pub fn settings(text: &str) -> Result<BreakerSettings, TomlError> {
    parse(text).map_err(|error| match own_key(&error.why) {
        Some(key) => TomlError { line: place::of_key(text, key), ..error },
        None => error,
    })
}

/// The key of the setting that is out of its range: such an error names the setting, and
/// has no place.
fn own_key(why: &str) -> Option<&str> {
    let (name, _) = why.strip_prefix('`')?.split_once("` is ")?;
    let mut rows = BreakerConfig::TABLE.iter().filter(|row| row.name() == name);
    Some(rows.next().map_or_else(|| name, |row| row.key()))
}

/// Reads a storm.
///
/// # Errors
/// [`TomlError`] names the line.
///
/// ```
/// use fusebox_cli::toml_file::storm;
///
/// let error = storm("title = \"mine\"\ncolour = \"grey\"").unwrap_err();
/// assert!(error.to_string().starts_with("line 2: unknown field `colour`, expected one of `title`"));
/// ```
pub fn storm(text: &str) -> Result<Storm, TomlError> {
    Storm::parse(text).map_err(|error| match &error {
        StormError::Range { field, value, .. } => {
            TomlError { line: place::of_value(text, field, value), why: error.to_string() }
        }
        // On one line, as this command's errors are.
        _ => parse::<Storm>(text)
            .err()
            .unwrap_or_else(|| TomlError { line: None, why: error.to_string() }),
    })
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, TomlError> {
    toml::from_str(text).map_err(|error: toml::de::Error| {
        let why = error.message().trim_end().replace('\n', "; ");
        let Some(span) = error.span() else { return TomlError { line: None, why } };
        let line = Some(place::line(text.as_bytes(), span.start));
        match text.get(span) {
            Some(key) if why == "duplicate key" => {
                TomlError { line, why: format!("`{key}` was given before") }
            }
            _ => TomlError { line, why },
        }
    })
}

/// A text is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TomlError {
    line: Option<usize>,
    why: String,
}

impl fmt::Display for TomlError {
    /// On one line, escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        f.write_str(&escape(&self.why))
    }
}

impl std::error::Error for TomlError {}

/// Reads a file, and what it holds by `parse`.
///
/// # Errors
/// [`Failure`] names the file, and the line.
pub fn read<T>(
    path: &Path,
    parse: impl FnOnce(&str) -> Result<T, TomlError>,
) -> Result<T, Failure> {
    parsed(path, &bytes(path).map_err(|error| unreadable(path, &error))?, parse)
}

/// What the bytes of a file hold.
///
/// # Errors
/// As [`read`].
pub fn parsed<T>(
    path: &Path,
    bytes: &[u8],
    parse: impl FnOnce(&str) -> Result<T, TomlError>,
) -> Result<T, Failure> {
    let text = str::from_utf8(bytes).map_err(|error| TomlError {
        line: Some(place::line(bytes, error.valid_up_to())),
        why: "it is no text in UTF-8".into(),
    });
    text.and_then(parse).map_err(|error| {
        let colon = if error.line.is_some() { "," } else { ":" };
        Failure::because(format!("`{}`{colon} {error}", shown(path)))
    })
}

/// The bytes of a file.
///
/// # Errors
/// The system's; and a file is too large that goes on for longer than any of these.
pub fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    const MOST: u64 = 1 << 20;
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 1 MiB"));
    }
    Ok(bytes)
}

/// A file could not be read.
#[must_use]
pub fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::because(format!("cannot read `{}`: {error}", shown(path)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::escape::is_deceptive;

    /// Lines that are nearly those of such a file.
    fn nearly() -> impl Strategy<Value = String> {
        let words = "title = clients phases [ ] [[ ]] { } . , \n \" \"20ms\" \"100%\" 0 1 1e9 -1 nan \
                     per_second service latency fixed lasts times turns errors failure_threshold \
                     recovery_timeout_ms window true \u{1b} é";
        let word = proptest::sample::select(words.split(' ').collect::<Vec<_>>());
        proptest::collection::vec(word, 0..60).prop_map(|words| words.join(" "))
    }

    proptest! {
        #[test]
        fn no_bytes_panic(any in any::<Vec<u8>>(), nearly in nearly()) {
            for bytes in [&any[..], nearly.as_bytes()] {
                let path = Path::new("a.toml");
                let failures = [
                    parsed(path, bytes, settings).err(),
                    parsed(path, bytes, storm).err(),
                ];
                for failure in failures.into_iter().flatten() {
                    let said = failure.to_string();
                    prop_assert!(!said.chars().any(is_deceptive), "{said:?}");
                    prop_assert!(said.starts_with("`a.toml`"), "{said}");
                }
            }
        }

        #[test]
        fn every_setting_is_read(at in 0..BreakerConfig::TABLE.len(), value: u32) {
            let row = &BreakerConfig::TABLE[at];
            let text = format!("\n{} = {value}\n", row.key());
            let config = BreakerConfig::new().set(row.name(), value.into()).unwrap();
            match (settings(&text), config.try_build()) {
                (Err(error), Err(why)) => {
                    prop_assert_eq!(error.to_string(), format!("line 2: {why}"));
                }
                (read, built) => prop_assert_eq!(read.ok(), built.ok()),
            }
        }
    }

    #[test]
    fn an_empty_file_is_the_defaults() {
        assert_eq!(settings(""), Ok(BreakerSettings::default()));
    }
}
