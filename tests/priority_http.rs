//! A priority in the headers of a request, and what statuses say of a service: O2, O3.

use fusebox::{
    Outcome, Priority,
    http::{PRIORITY, is_outage, judge, outcome, read_priority, write_priority},
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use proptest::prelude::*;

fn read(values: &[&[u8]]) -> Result<Option<Priority>, String> {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(PRIORITY, HeaderValue::from_bytes(value).unwrap());
    }
    read_priority(&headers).map_err(|error| error.to_string())
}

#[test]
fn o3_a_header_says_the_priority() {
    assert_eq!(read(&[]), Ok(None));
    assert_eq!(PRIORITY, HeaderName::from_static("x-fusebox-priority"));
    for (value, priority) in [
        ("critical", Priority::CRITICAL),
        ("default", Priority::DEFAULT),
        ("sheddable", Priority::SHEDDABLE),
        ("background", Priority::BACKGROUND),
        ("Critical", Priority::CRITICAL),
        ("0", Priority::new(0)),
        ("007", Priority::new(7)),
        ("255", Priority::new(255)),
    ] {
        assert_eq!(read(&[value.as_bytes()]), Ok(Some(priority)), "{value}");
    }
}

#[test]
fn o3_of_several_headers_the_lowest_priority_holds() {
    assert_eq!(read(&[b"critical", b"7", b"background"]), Ok(Some(Priority::new(7))));
    assert_eq!(read(&[b"background", b"critical"]), Ok(Some(Priority::BACKGROUND)));
}

#[test]
fn o3_a_bad_header_is_an_error() {
    let text = "the header `x-fusebox-priority` must be critical, default, sheddable, background, \
                or a level from 0 to 255";
    for value in
        ["", "high", "256", "1000", "0001", "-1", "+1", "1.5", "7 ", " 7", "0x7", "u=1", "１"]
    {
        assert_eq!(read(&[value.as_bytes()]), Err(text.to_owned()), "{value:?}");
    }
    assert_eq!(read(&[&[0xFF, 0xFE]]), Err(text.to_owned()));
    assert!(read(&[b"critical", b"high"]).is_err(), "whatever the others say");
}

#[test]
fn o3_it_is_written_in_the_place_of_what_stands_there() {
    let mut headers = HeaderMap::new();
    write_priority(&mut headers, Priority::CRITICAL);
    write_priority(&mut headers, Priority::new(9));
    assert_eq!(headers.get_all(PRIORITY).iter().collect::<Vec<_>>(), ["9"]);
    write_priority(&mut headers, Priority::BACKGROUND);
    assert_eq!(headers[PRIORITY], "background");
}

/// What the header may say, by another way: as the docs have it.
fn by_the_docs(value: &[u8]) -> Option<u8> {
    let lower = value.to_ascii_lowercase();
    let named: [(&[u8], u8); 4] =
        [(b"critical", 224), (b"default", 160), (b"sheddable", 96), (b"background", 32)];
    if let Some((_, level)) = named.iter().find(|(name, _)| *name == lower) {
        return Some(*level);
    }
    let digits = (1..=3).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
    let number = || value.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    if digits { u8::try_from(number()).ok() } else { None }
}

/// Bytes of all kinds, and often those of which headers are made.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let likely = prop::sample::select(b"0123456789+- critalCRITALdefushbkgron".to_vec());
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        prop::collection::vec(likely, 0..12),
        (0..2_000_u32).prop_map(|number| number.to_string().into_bytes()),
        "(?i)(critical|default|sheddable|background).?".prop_map(String::into_bytes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn o3_any_bytes_are_a_priority_or_an_error(bytes in bytes()) {
        if let Ok(value) = HeaderValue::from_bytes(&bytes) {
            let mut headers = HeaderMap::new();
            headers.insert(PRIORITY, value);
            let told = read_priority(&headers).ok().map(|it| it.expect("a header").level());
            prop_assert_eq!(told, by_the_docs(&bytes));
        }
    }
}

#[test]
fn o3_every_priority_crosses_a_hop() {
    for level in 0..=u8::MAX {
        let mut headers = HeaderMap::new();
        write_priority(&mut headers, Priority::new(level));
        assert_eq!(read_priority(&headers), Ok(Some(Priority::new(level))));
    }
}

#[test]
fn o2_three_statuses_are_an_overload_and_other_outages_failures() {
    for status in 100..1_000 {
        let status = StatusCode::from_u16(status).unwrap();
        let expected = match status.as_u16() {
            429 | 503 | 504 => Outcome::Overload,
            501 | 505 => Outcome::Success,
            500..=599 => Outcome::Failure,
            _ => Outcome::Success,
        };
        assert_eq!(outcome(status), expected, "{status}");
        assert_eq!(is_outage(status), expected != Outcome::Success, "{status}");
        let response = Response::builder().status(status).body(()).unwrap();
        assert_eq!(judge(Ok::<_, &()>(&response)), expected, "{status}");
    }
}

#[test]
fn o2_a_judge_of_responses_looks_at_errors_too() {
    type Boxed = Box<dyn std::error::Error + Send + Sync>;
    let of = |error: Boxed| judge(Err::<&Response<()>, _>(&error));
    assert_eq!(of(std::io::Error::from(std::io::ErrorKind::TimedOut).into()), Outcome::Overload);
    assert_eq!(of("down".into()), Outcome::Failure);
    assert_eq!(judge(Err::<&Response<()>, _>(&"of a type of one's own")), Outcome::Failure);
}
