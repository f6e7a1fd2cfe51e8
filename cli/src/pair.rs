//! `key=value`, as `set` and `--alert` take it.

use std::{fmt, time::Duration};

use crate::{escape::escape, failure::Failure};

/// A known key, and the text of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair<'t> {
    /// One of the keys that there are.
    pub key: &'static str,
    value: &'t str,
}

impl<'t> Pair<'t> {
    /// Takes `key=value` apart, where the key is one of `keys`.
    ///
    /// # Errors
    /// [`PairError`] when there is no `=`, or no such key.
    pub fn split(text: &'t str, keys: &'static [&'static str]) -> Result<Self, PairError> {
        let (given, value) = text.split_once('=').ok_or(PairError::NoValue)?;
        match keys.iter().find(|key| **key == given) {
            Some(key) => Ok(Self { key, value }),
            None => Err(PairError::Key { given: given.into(), keys }),
        }
    }

    /// A whole number.
    ///
    /// # Errors
    /// [`PairError::Number`]
    pub fn number(self) -> Result<u32, PairError> {
        self.parsed(self.value)
    }

    /// A whole number, with or without its percent sign.
    ///
    /// # Errors
    /// [`PairError::Number`]
    pub fn percent(self) -> Result<u32, PairError> {
        self.parsed(self.value.strip_suffix('%').unwrap_or(self.value))
    }

    fn parsed(self, text: &str) -> Result<u32, PairError> {
        text.parse().map_err(|_| PairError::Number { key: self.key, value: self.value.into() })
    }

    /// A length of time.
    ///
    /// # Errors
    /// [`PairError::Time`]
    pub fn time(self) -> Result<Duration, PairError> {
        humantime::parse_duration(self.value)
            .map_err(|_| PairError::Time { key: self.key, value: self.value.into() })
    }
}

/// Each of these keys was given once.
///
/// # Errors
/// [`Failure::Usage`] names the one that was not.
pub fn once(keys: impl Iterator<Item = &'static str>) -> Result<(), Failure> {
    let mut seen = Vec::new();
    for key in keys {
        if seen.contains(&key) {
            return Err(Failure::Usage(format!("`{key}` is given twice")));
        }
        seen.push(key);
    }
    Ok(())
}

/// A text is no `key=value` that means anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PairError {
    /// There is no `=`.
    NoValue,
    /// There is no such key.
    Key {
        /// What was there.
        given: String,
        /// What there is.
        keys: &'static [&'static str],
    },
    /// A number was due.
    Number {
        /// Where.
        key: &'static str,
        /// What was there.
        value: String,
    },
    /// A length of time was due.
    Time {
        /// Where.
        key: &'static str,
        /// What was there.
        value: String,
    },
}

impl fmt::Display for PairError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoValue => f.write_str("write it as key=value, as in failure_threshold=3"),
            Self::Key { given, keys } => {
                write!(f, "there is no setting `{}`; there are {}", escape(given), keys.join(", "))
            }
            Self::Number { key, value } => {
                write!(f, "`{key}` takes a whole number, and `{}` is none", escape(value))
            }
            Self::Time { key, value } => write!(
                f,
                "`{key}` takes a time such as 500ms, 10s or 1m30s, and `{}` is none",
                escape(value)
            ),
        }
    }
}

impl std::error::Error for PairError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_given_twice_is_found() {
        assert!(once(["probes", "doublings"].into_iter()).is_ok());
        let twice = once(["probes", "doublings", "probes"].into_iter()).unwrap_err();
        assert_eq!(twice.to_string(), "`probes` is given twice");
    }
}
