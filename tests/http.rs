//! `Retry-After` in both of its forms, and whatever else a server sends.

use std::time::{Duration, SystemTime};

use fusebox::http::{is_outage, retry_after};
use http::{HeaderMap, HeaderValue, StatusCode, header::RETRY_AFTER};
use proptest::prelude::*;

/// Sun, 06 Nov 1994 08:49:37 GMT, RFC 9110's own example.
fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777)
}

fn read(value: &[u8]) -> Option<Duration> {
    let mut headers = HeaderMap::new();
    headers.insert(RETRY_AFTER, HeaderValue::from_bytes(value).ok()?);
    retry_after(&headers, now())
}

#[test]
fn seconds_and_dates_are_read() {
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    assert_eq!(read(b"0"), seconds(0));
    assert_eq!(read(b" 120 "), seconds(120));
    assert_eq!(read(b"99999999999999999999999"), seconds(u64::MAX));
    assert_eq!(read(b"Sun, 06 Nov 1994 08:50:37 GMT"), seconds(60));
    assert_eq!(read(b"Sunday, 06-Nov-94 08:50:37 GMT"), seconds(60));
    assert_eq!(read(b"Sun Nov  6 08:50:37 1994"), seconds(60));
    assert_eq!(read(b"Sun, 06 Nov 1994 08:49:36 GMT"), seconds(0), "it has passed");
}

#[test]
fn anything_else_is_no_hint() {
    for value in ["", "-1", "1.5", "soon", "+3", "1 2", "Sun, 06 Nov 1994", "0x10"] {
        assert_eq!(read(value.as_bytes()), None, "{value:?}");
    }
    assert_eq!(retry_after(&HeaderMap::new(), now()), None);
    assert_eq!(read(&[0xff, 0xfe]), None);
}

#[test]
fn outages_are_told_from_mistakes() {
    for (status, outage) in [
        (200, false),
        (404, false),
        (429, true),
        (500, true),
        (501, false),
        (503, true),
        (505, false),
    ] {
        assert_eq!(is_outage(StatusCode::from_u16(status).unwrap()), outage, "{status}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(value in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = read(&value);
    }

    #[test]
    fn any_number_of_seconds_is_that_delay(seconds: u64) {
        prop_assert_eq!(read(seconds.to_string().as_bytes()), Some(Duration::from_secs(seconds)));
    }
}
