//! What an answer says of the calls that a service will still take.

use core::time::Duration;
use std::time::SystemTime;

use http::{HeaderMap, HeaderName, header::GetAll};

use crate::{http::retry_after, limit::rate::narrow::Remaining};

/// Returns how many calls a service will still take, and for how long, by the fields of
/// its answer.
///
/// It reads `Retry-After` (no call before that), the field `RateLimit` of the IETF's
/// draft (`"default";r=50;t=30`), and the three fields of its older versions, with and
/// without `X-` (`RateLimit-Remaining` and `RateLimit-Reset`, in seconds). Where there
/// are several, the one that admits the fewest calls in a time counts. Whatever is none
/// of these is no hint.
///
/// For [`RateLimit::heed`](crate::RateLimit::heed).
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use fusebox::{RateConfig, RateLimit, Remaining};
/// use http::{HeaderMap, HeaderValue};
///
/// static QUOTA: RateLimit = RateLimit::new(RateConfig::per_second(100).build());
///
/// let mut headers = HeaderMap::new();
/// headers.insert("ratelimit", HeaderValue::from_static("\"hour\";r=900;t=1800, \"burst\";r=2;t=1"));
/// let remaining = fusebox::http::remaining(&headers, SystemTime::now()).unwrap();
/// assert_eq!(remaining, Remaining { calls: 900, within: Duration::from_secs(1800) });
/// QUOTA.heed(remaining); // one call in two seconds
/// ```
#[must_use]
pub fn remaining(headers: &HeaderMap, now: SystemTime) -> Option<Remaining> {
    let after = retry_after(headers, now).map(|within| Remaining { calls: 0, within });
    let listed = values(headers.get_all("ratelimit")).flat_map(items).filter_map(item);
    let older = ["", "x-"].into_iter().filter_map(|prefix| older(headers, prefix));
    after.into_iter().chain(listed).chain(older).reduce(fewer)
}

/// The one that admits fewer calls in a time.
fn fewer(a: Remaining, b: Remaining) -> Remaining {
    // a.calls / a.within <= b.calls / b.within, without a division.
    let (left, right) =
        (u128::from(a.calls) * b.within.as_millis(), u128::from(b.calls) * a.within.as_millis());
    // Of two that admit none, the longer one.
    if left < right || left == right && a.within >= b.within { a } else { b }
}

fn values(all: GetAll<'_, http::HeaderValue>) -> impl Iterator<Item = &str> {
    all.into_iter().filter_map(|value| value.to_str().ok())
}

/// The items of a list: what stands between commas that are in no string.
fn items(list: &str) -> impl Iterator<Item = &str> {
    split(list, ',')
}

/// One of a list of structured fields (RFC 9651): a name, and parameters.
fn item(text: &str) -> Option<Remaining> {
    let mut parts = split(text, ';').map(str::trim);
    parts.next()?; // the name of the policy
    let (mut calls, mut within) = (None, None);
    for part in parts {
        match part.split_once('=') {
            Some(("r", number)) => calls = Some(number.parse().ok()?),
            Some(("t", number)) => within = Some(number.parse().ok()?),
            _ => {}
        }
    }
    Some(Remaining { calls: calls?, within: Duration::from_secs(within?) })
}

fn split(text: &str, at: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |letter| {
        if escaped {
            escaped = false;
        } else if letter == '\\' && quoted {
            escaped = true;
        } else if letter == '"' {
            quoted = !quoted;
        }
        letter == at && !quoted
    })
}

/// The fields of older versions.
fn older(headers: &HeaderMap, prefix: &str) -> Option<Remaining> {
    let number = |of: &str| {
        let name = HeaderName::try_from(std::format!("{prefix}ratelimit-{of}")).ok()?;
        headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok()
    };
    let (calls, reset) = (number("remaining")?, number("reset")?);
    // Some services say when, in seconds since 1970, and not how long.
    if reset > SINCE_1970 {
        return None;
    }
    Some(Remaining { calls, within: Duration::from_secs(reset) })
}

/// More seconds than any quota lasts: 30 years.
const SINCE_1970: u64 = 30 * 365 * 24 * 3_600;

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn of(fields: &[(&'static str, &'static str)]) -> Option<(u64, u64)> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        remaining(&headers, SystemTime::UNIX_EPOCH).map(|it| (it.calls, it.within.as_secs()))
    }

    #[test]
    fn the_fields_of_all_versions() {
        assert_eq!(of(&[("ratelimit", "\"default\";r=50;t=30")]), Some((50, 30)));
        assert_eq!(of(&[("ratelimit", "\"a;r=1;t=9\";r=5;t=3;pk=:c2VjcmV0:")]), Some((5, 3)));
        assert_eq!(of(&[("ratelimit", "\"a, \\\"b\";t=3;r=5")]), Some((5, 3)));
        assert_eq!(of(&[("ratelimit", "a;r=9;t=1"), ("ratelimit", "b;r=9;t=2")]), Some((9, 2)));
        assert_eq!(of(&[("ratelimit-remaining", "7"), ("ratelimit-reset", "60")]), Some((7, 60)));
        let github = [("x-ratelimit-remaining", "7"), ("x-ratelimit-reset", "1732800000")];
        assert_eq!(of(&github), None);
        let both =
            [("retry-after", "5"), ("x-ratelimit-remaining", "7"), ("x-ratelimit-reset", "9")];
        assert_eq!(of(&both), Some((0, 5)));
        assert_eq!(of(&[("retry-after", "5"), ("ratelimit", "a;r=0;t=9")]), Some((0, 9)));
    }

    #[test]
    fn what_is_none_of_them_is_no_hint() {
        for value in ["", ";", "a;r=5", "a;t=5", "a;r=-1;t=5", "a;r=1.5;t=5", "\"a;r=1;t=2"] {
            assert_eq!(of(&[("ratelimit", value)]), None, "{value}");
        }
        assert_eq!(of(&[("ratelimit-remaining", "7")]), None);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(value: std::vec::Vec<u8>) {
            let mut headers = HeaderMap::new();
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                headers.insert("ratelimit", value.clone());
                headers.insert("x-ratelimit-reset", value.clone());
                headers.insert("x-ratelimit-remaining", value);
            }
            let _ = remaining(&headers, SystemTime::now());
        }
    }
}
