//! A deadline in the headers of a request.

use core::{error::Error, fmt, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::{limit::deadline::deadline::Deadline, time::Clock};

/// The header that says how many milliseconds remain until a request's deadline, as a
/// decimal number: `x-fusebox-deadline: 250`.
pub const DEADLINE: HeaderName = HeaderName::from_static("x-fusebox-deadline");

/// gRPC's header for the same: a number of up to 8 digits, and a unit.
const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// The digits of a number of milliseconds: 15 are 31,000 years.
const MOST_DIGITS: usize = 15;

/// A header says something else than the time that remains until a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadDeadline {
    header: &'static str,
    wanted: &'static str,
}

impl BadDeadline {
    const OURS: Self = Self {
        header: "x-fusebox-deadline",
        wanted: "milliseconds: 1 to 15 digits, and nothing else",
    };
    const GRPC: Self = Self {
        header: "grpc-timeout",
        wanted: "a time: 1 to 8 digits, and one of the units H, M, S, m, u, n",
    };

    /// Returns the name of the header.
    #[must_use]
    pub const fn header(&self) -> &'static str {
        self.header
    }
}

impl fmt::Display for BadDeadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the header `{}` must be {}", self.header, self.wanted)
    }
}

impl Error for BadDeadline {}

/// Reads a request's deadline: from [`x-fusebox-deadline`](DEADLINE), and from gRPC's
/// `grpc-timeout`. A header says how much time remains, and that counts from now, by
/// `clock`. Of several headers the one with the least time holds. Without any, there is
/// no deadline: [`Deadline::NEVER`]. With 0, it is over.
///
/// # Errors
/// [`BadDeadline`] where one of the headers is not what it should be, whatever the others
/// say.
///
/// ```
/// use core::time::Duration;
/// use fusebox::{ManualClock, http::read_deadline};
/// use http::{HeaderMap, HeaderValue};
///
/// let (clock, mut headers) = (ManualClock::new(), HeaderMap::new());
/// assert!(read_deadline(&headers, &clock).unwrap().is_never());
/// headers.insert("x-fusebox-deadline", HeaderValue::from_static("250"));
/// let deadline = read_deadline(&headers, &clock).unwrap();
/// assert_eq!(deadline.remaining(&clock), Duration::from_millis(250));
///
/// headers.insert("grpc-timeout", HeaderValue::from_static("100m")); // milliseconds
/// let deadline = read_deadline(&headers, &clock).unwrap();
/// assert_eq!(deadline.remaining(&clock), Duration::from_millis(100));
///
/// headers.insert("x-fusebox-deadline", HeaderValue::from_static("soon"));
/// assert!(read_deadline(&headers, &clock).is_err());
/// ```
pub fn read_deadline<C: Clock + ?Sized>(
    headers: &HeaderMap,
    clock: &C,
) -> Result<Deadline, BadDeadline> {
    let mut least = None;
    let mut hear =
        |remaining: Duration| least = Some(least.map_or(remaining, |it| remaining.min(it)));
    for value in headers.get_all(DEADLINE) {
        hear(millis(value).ok_or(BadDeadline::OURS)?);
    }
    for value in headers.get_all(GRPC_TIMEOUT) {
        hear(grpc(value).ok_or(BadDeadline::GRPC)?);
    }
    Ok(least.map_or(Deadline::NEVER, |remaining| Deadline::after(remaining, clock)))
}

/// Writes what remains until `deadline` into [`x-fusebox-deadline`](DEADLINE), by
/// `clock`, in the place of what stands there: in whole milliseconds, rounded down, and 0
/// where the deadline is over. Where there is none, the header is taken away. gRPC's
/// header is left alone: gRPC's own client writes it.
///
/// ```
/// use core::time::Duration;
/// use fusebox::{Deadline, ManualClock, http::write_deadline};
/// use http::HeaderMap;
///
/// let (clock, mut headers) = (ManualClock::new(), HeaderMap::new());
/// let deadline = Deadline::after(Duration::from_micros(250_900), &clock);
/// write_deadline(&mut headers, deadline, &clock);
/// assert_eq!(headers["x-fusebox-deadline"], "250");
/// ```
pub fn write_deadline<C: Clock + ?Sized>(headers: &mut HeaderMap, deadline: Deadline, clock: &C) {
    if deadline.is_never() {
        headers.remove(DEADLINE);
        return;
    }
    // At most 584 years: 14 digits.
    let remaining = u64::try_from(deadline.remaining(clock).as_millis()).unwrap_or(u64::MAX);
    headers.insert(DEADLINE, HeaderValue::from(remaining));
}

fn millis(value: &HeaderValue) -> Option<Duration> {
    Some(Duration::from_millis(number(value.as_bytes(), MOST_DIGITS)?))
}

fn grpc(value: &HeaderValue) -> Option<Duration> {
    let (unit, digits) = value.as_bytes().split_last()?;
    let number = number(digits, 8)?;
    Some(match unit {
        b'H' => Duration::from_hours(number),
        b'M' => Duration::from_mins(number),
        b'S' => Duration::from_secs(number),
        b'm' => Duration::from_millis(number),
        b'u' => Duration::from_micros(number),
        b'n' => Duration::from_nanos(number),
        _ => return None,
    })
}

/// A number of at least one digit, and so many at most: fewer than 20.
fn number(digits: &[u8], most: usize) -> Option<u64> {
    let is_one = (1..=most).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    is_one.then(|| digits.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')))
}
