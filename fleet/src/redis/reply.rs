//! What Redis answers, and others may have written: doubted.

use std::time::Duration;

use crate::{beat::Beat, news::News};

/// The names of an entry's fields: who says it, and what.
pub(super) const INSTANCE: &[u8] = b"instance";
pub(super) const REPORT: &[u8] = b"report";
/// The name of an entry's field in the log of orders.
pub(super) const ORDER: &[u8] = b"order";

/// An entry of the feed: its id, the instance and the report, empty where it has none.
pub(super) type Entry = (String, Vec<u8>, Vec<u8>);
/// What there is of the feed, and whether there is more; and its last id, where there is
/// nothing and its clock is behind.
pub(super) type Feed = (Time, bool, String, Vec<Entry>);
/// Names with their scores, and the time.
pub(super) type Scores = (Time, Vec<(Vec<u8>, String)>);
/// The last words of all: how many there are, their bytes, and each.
pub(super) type Words = (Time, u64, u64, Vec<(Vec<u8>, Vec<u8>)>);
/// What TIME answers: seconds and microseconds.
pub(super) type Time = (u64, u64);

pub(super) const fn millis((seconds, micros): Time) -> u64 {
    seconds.saturating_mul(1_000).saturating_add(micros / 1_000)
}

/// Where an entry stands in the feed: the server's time in milliseconds, and a number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id {
    pub(super) millis: u64,
    number: u64,
}

impl Id {
    /// What is no id is the beginning.
    pub(super) fn read(text: &str) -> Self {
        let read = |text: &str| text.parse().unwrap_or(0);
        let (millis, number) = text.split_once('-').unwrap_or((text, "0"));
        Self { millis: read(millis), number: read(number) }
    }

    /// What the server's clock gives no entry from now on.
    pub(super) const fn before(millis: u64) -> Self {
        Self { millis: millis.saturating_sub(1), number: u64::MAX }
    }

    pub(super) fn text(self) -> String {
        format!("{}-{}", self.millis, self.number)
    }
}

/// An entry as news.
pub(super) fn news((id, instance, report): Entry, now: u64) -> News {
    News { instance: name(&instance), bytes: report, age: age(Id::read(&id).millis, now) }
}

/// A value of the hash: the server's time when it was written, and the report.
pub(super) fn stamped(millis: u64, report: &[u8]) -> Vec<u8> {
    [&millis.to_le_bytes(), report].concat()
}

/// A field of the hash as news.
pub(super) fn last_word(field: &[u8], value: &[u8], now: u64) -> News {
    let (at, bytes) = value.split_first_chunk().unwrap_or((&[0; 8], &[]));
    News { instance: name(field), bytes: bytes.to_vec(), age: age(u64::from_le_bytes(*at), now) }
}

/// A name of a group's sorted set as a heartbeat.
pub(super) fn beat(group: &str, (instance, score): &(Vec<u8>, String), now: u64) -> Beat {
    let at = self::score(score).unwrap_or_default();
    Beat { instance: name(instance), group: group.to_owned(), age: age(at, now) }
}

/// A score as a time in milliseconds; `None` where it is no number.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // bounded at both ends
pub(super) fn score(text: &str) -> Option<u64> {
    text.parse::<f64>().ok().map(|it| it as u64)
}

fn age(at: u64, now: u64) -> Duration {
    Duration::from_millis(now.saturating_sub(at))
}

/// At most as long as a name of an instance may be: an event may show it.
fn name(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(64)]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_in_the_order_of_the_feed() {
        let read = |text| Id::read(text);
        assert!(read("9-9") < read("10-0") && read("10-9") < read("10-10"));
        assert_eq!(read("10-3").text(), "10-3");
        assert_eq!(read("nonsense"), Id::default());
    }

    #[test]
    fn a_last_word_is_read_as_it_was_written() {
        let news = last_word(b"host-7", &stamped(1_000, b"report"), 1_250);
        let age = Duration::from_millis(250);
        assert_eq!(news, News { instance: "host-7".into(), bytes: b"report".to_vec(), age });
        // A server whose clock was set back makes nothing old; what is too short is nothing.
        assert_eq!(last_word(b"", &stamped(1_000, b""), 999).age, Duration::ZERO);
        assert_eq!(last_word(b"", b"short", 999).bytes, b"");
    }

    #[test]
    fn an_entry_is_read_with_its_age() {
        let entry = ("7-0".to_owned(), b"host-7".to_vec(), b"bytes".to_vec());
        let age = Duration::from_millis(3);
        let expected = News { instance: "host-7".into(), bytes: b"bytes".to_vec(), age };
        assert_eq!(news(entry, 10), expected);
    }
}
