//! Readings as JSON, of a stable form; see `README.md`.

use std::fmt::Write as _;

use fusebox::{LimitsReading, Reading};
use serde::Serialize;

use crate::escape::is_deceptive;

/// A breaker: what its reading says, as fusebox writes it, its score and its limits.
#[derive(Debug, Serialize)]
pub struct Breaker<'r> {
    #[serde(flatten)]
    reading: &'r Reading,
    /// 0 to 100; `null` for one that is disabled.
    score: Option<u8>,
    /// `null` where the slot has none.
    limits: Option<&'r LimitsReading>,
}

impl<'r> Breaker<'r> {
    /// What a reading says, with its score and its slot's limits.
    #[must_use]
    pub const fn new(
        reading: &'r Reading,
        score: Option<u8>,
        limits: Option<&'r LimitsReading>,
    ) -> Self {
        Self { reading, score, limits }
    }
}

/// `value` on one line, safe on a terminal.
///
/// # Panics
/// On a value that cannot be written as JSON, such as a map whose keys are no
/// texts: none of this crate's is one.
pub fn line(value: &impl Serialize) -> String {
    careful(&serde_json::to_string(value).expect(PLAIN))
}

/// `value` on several lines, safe on a terminal.
///
/// # Panics
/// As `line`.
pub fn pretty(value: &impl Serialize) -> String {
    careful(&serde_json::to_string_pretty(value).expect(PLAIN))
}

const PLAIN: &str = "plain structs of numbers and texts can be written as JSON";

/// Writes `\u` escapes for all that [`is_deceptive`], not only for what JSON
/// asks for: the text stays the same for a parser, and does nothing to a
/// terminal. Such characters stand in strings only, but for the line feeds
/// between values; and no string holds a bare line feed.
fn careful(json: &str) -> String {
    let mut careful = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '\n' || !is_deceptive(c) {
            careful.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // A `String` takes all that is written to it.
            let _ = write!(careful, "\\u{unit:04x}");
        }
    }
    careful
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_text_stays_the_same_and_does_nothing_to_a_terminal(text in any::<String>()) {
            let json = line(&text);
            prop_assert!(!json.chars().any(is_deceptive), "{json:?}");
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }

    #[test]
    fn escapes_of_every_kind() {
        assert_eq!(
            line(&"\x1b\u{9b}\u{202e}\u{e0041}\"\\é"),
            r#""\u001b\u009b\u202e\udb40\udc41\"\\é""#
        );
    }
}
