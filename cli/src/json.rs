//! Readings as JSON, of a stable form; see `README.md`.

use std::{fmt::Write as _, time::Duration};

use fusebox::{BreakerSettings, Reading};
use serde::Serialize;

use crate::escape::is_deceptive;

/// A breaker. Lengths of time are whole milliseconds.
#[derive(Debug, Serialize)]
pub struct Breaker {
    /// `null` where it was never completed.
    pub name: Option<String>,
    /// `closed`, `open`, `half-open`, `forced open` or `disabled`.
    pub state: String,
    /// How many changes of state there were, modulo 1024.
    pub generation: u16,
    /// 0 to 100; `null` for one that is disabled.
    pub score: Option<u8>,
    /// Until an open one lets a probe through, without jitter; `null` in
    /// other states.
    pub time_left_ms: Option<u64>,
    /// How long it has turned calls away; `null` where it does not.
    pub open_for_ms: Option<u64>,
    /// Failures in a row while closed.
    pub consecutive_failures: u16,
    /// Probes that failed in a row.
    pub reopenings: u8,
    /// Probes in flight while half-open.
    pub probes_in_flight: u8,
    /// Probes that succeeded while half-open.
    pub probes_succeeded: u8,
    /// Since the breaker was made.
    pub counters: Counters,
    /// In force.
    pub settings: SettingsJson,
    /// What is wrong with its memory; `null` where nothing is.
    pub fault: Option<String>,
}

/// What has happened since the breaker was made.
#[derive(Debug, Serialize)]
#[allow(missing_docs)] // as the core's `Counters`
pub struct Counters {
    pub failures: u64,
    pub rejections: u64,
    pub openings: u64,
    pub calls: u64,
    pub retries: u64,
    pub exhausted: u64,
    pub fallbacks: u64,
}

/// Settings, under the keys that `set` takes, with their units.
#[derive(Debug, Serialize)]
#[allow(missing_docs)] // as the core's `BreakerSettings`
pub struct SettingsJson {
    pub failure_threshold: u16,
    pub recovery_timeout_ms: u64,
    pub probes: u8,
    pub successes_to_close: u8,
    pub doublings: u8,
    pub recovery_jitter_percent: u8,
}

impl From<BreakerSettings> for SettingsJson {
    fn from(settings: BreakerSettings) -> Self {
        Self {
            failure_threshold: settings.failure_threshold(),
            recovery_timeout_ms: millis(settings.recovery_timeout()),
            probes: settings.probes(),
            successes_to_close: settings.successes_to_close(),
            doublings: settings.doublings(),
            recovery_jitter_percent: settings.recovery_jitter(),
        }
    }
}

impl Breaker {
    /// What a reading says, with its score.
    #[must_use]
    pub fn new(reading: &Reading, score: Option<u8>) -> Self {
        let Reading { snapshot, counters, .. } = reading;
        Self {
            name: reading.name.map(|name| name.to_string()),
            state: snapshot.state.to_string(),
            generation: snapshot.generation,
            score,
            time_left_ms: reading.time_left.map(millis),
            open_for_ms: reading.open_for.map(millis),
            consecutive_failures: snapshot.consecutive_failures,
            reopenings: snapshot.reopenings,
            probes_in_flight: snapshot.probes_in_flight,
            probes_succeeded: snapshot.probes_succeeded,
            counters: Counters {
                failures: counters.failures,
                rejections: counters.rejections,
                openings: counters.openings,
                calls: counters.calls,
                retries: counters.retries,
                exhausted: counters.exhausted,
                fallbacks: counters.fallbacks,
            },
            settings: reading.settings.into(),
            fault: reading.fault.map(|fault| fault.to_string()),
        }
    }
}

/// Whole milliseconds.
#[must_use]
pub fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
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
