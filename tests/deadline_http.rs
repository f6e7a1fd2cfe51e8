//! A deadline in the headers of a request: L8.

use std::time::Duration;

use fusebox::{
    Deadline, ManualClock, Tick,
    http::{DEADLINE, read_deadline, write_deadline},
};
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;

const MS: Duration = Duration::from_millis(1);

fn clock() -> ManualClock {
    let clock = ManualClock::new();
    clock.set(Tick::from_millis(1_000));
    clock
}

fn read(lines: &[(&'static str, &str)]) -> Result<Duration, String> {
    let (clock, mut headers) = (clock(), HeaderMap::new());
    for (name, value) in lines {
        headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    match read_deadline(&headers, &clock) {
        Ok(deadline) => Ok(deadline.remaining(&clock)),
        Err(error) => Err(error.to_string()),
    }
}

const OURS: &str = "x-fusebox-deadline";
const GRPC: &str = "grpc-timeout";

#[test]
fn l8_a_header_says_what_remains() {
    assert_eq!(read(&[]), Ok(Duration::MAX), "no deadline");
    assert_eq!(read(&[(OURS, "250")]), Ok(250 * MS));
    assert_eq!(read(&[(OURS, "0")]), Ok(Duration::ZERO));
    assert_eq!(read(&[(OURS, "000250")]), Ok(250 * MS));
    // More than fits is no deadline.
    assert_eq!(read(&[(OURS, "999999999999999")]), Ok(Duration::MAX));
}

#[test]
fn l8_grpc_says_it_in_units() {
    for (value, time) in [
        ("1H", Duration::from_hours(1)),
        ("2M", Duration::from_mins(2)),
        ("3S", Duration::from_secs(3)),
        ("4m", 4 * MS),
        ("5000u", 5 * MS),
        ("6000000n", 6 * MS),
        ("99999999S", Duration::from_secs(99_999_999)),
    ] {
        assert_eq!(read(&[(GRPC, value)]), Ok(time), "{value}");
    }
}

#[test]
fn l8_of_several_the_least_holds() {
    assert_eq!(read(&[(OURS, "250"), (OURS, "100"), (OURS, "300")]), Ok(100 * MS));
    assert_eq!(read(&[(OURS, "250"), (GRPC, "100m")]), Ok(100 * MS));
    assert_eq!(read(&[(OURS, "50"), (GRPC, "100m")]), Ok(50 * MS));
}

#[test]
fn l8_a_bad_header_is_an_error() {
    let ours = "the header `x-fusebox-deadline` must be milliseconds: 1 to 15 digits, and nothing \
                else";
    for value in ["", "-1", "+1", "1.5", "250 ", "0x10", "soon", "1000000000000000", "1S", "１"] {
        assert_eq!(read(&[(OURS, value)]), Err(ours.to_owned()), "{value:?}");
    }
    let grpc = "the header `grpc-timeout` must be a time: 1 to 8 digits, and one of the units H, \
                M, S, m, u, n";
    for value in ["", "S", "1", "1s", "1h", "123456789S", "-1S", "1 S", "1.5S", "S1", "1é"] {
        assert_eq!(read(&[(GRPC, value)]), Err(grpc.to_owned()), "{value:?}");
    }
    // Whatever the others say.
    assert!(read(&[(OURS, "250"), (OURS, "soon")]).is_err());
    assert!(read(&[(OURS, "250"), (GRPC, "soon")]).is_err());
    let (clock, mut headers) = (clock(), HeaderMap::new());
    headers.insert(DEADLINE, HeaderValue::from_bytes(&[0xFF, 0xFE]).unwrap());
    assert_eq!(read_deadline(&headers, &clock).unwrap_err().header(), OURS);
}

#[test]
fn l8_it_is_written_as_what_remains() {
    let (clock, mut headers) = (clock(), HeaderMap::new());
    write_deadline(&mut headers, Deadline::after(250 * MS, &clock), &clock);
    write_deadline(&mut headers, Deadline::after(Duration::from_micros(90_999), &clock), &clock);
    assert_eq!(headers.get_all(DEADLINE).iter().collect::<Vec<_>>(), ["90"]);
    let past = Deadline::at(MS);
    write_deadline(&mut headers, past, &clock);
    assert_eq!(headers[DEADLINE], "0");
    assert!(read_deadline(&headers, &clock).unwrap().is_over(&clock));
    write_deadline(&mut headers, Deadline::NEVER, &clock);
    assert!(headers.is_empty());
}

proptest! {
    /// Hosts have clocks of other origins: only the time that remains crosses.
    #[test]
    fn l8_a_hop_never_gives_more_time(
        remaining in any::<u64>(), here in 0..1_u64 << 40, there in 0..1_u64 << 40,
    ) {
        let (mine, yours) = (ManualClock::new(), ManualClock::new());
        mine.set(Tick::from_millis(here));
        yours.set(Tick::from_millis(there));
        let mut headers = HeaderMap::new();
        let sent = Deadline::after(Duration::from_nanos(remaining), &mine);
        write_deadline(&mut headers, sent, &mine);
        let received = read_deadline(&headers, &yours).unwrap();
        let (sent, received) = (sent.remaining(&mine), received.remaining(&yours));
        // At the end of the clock's time there is no deadline.
        prop_assert!(received <= sent || received == Duration::MAX);
        prop_assert!(sent.saturating_sub(received) < MS);
    }

    #[test]
    fn l8_no_header_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..40), grpc in any::<bool>()) {
        if let Ok(value) = HeaderValue::from_bytes(&bytes) {
            let mut headers = HeaderMap::new();
            headers.insert(HeaderName::from_static(if grpc { GRPC } else { OURS }), value);
            let _ = read_deadline(&headers, &clock());
        }
    }
}
