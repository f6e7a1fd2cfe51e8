//! A priority in the headers of a request.

use core::{error::Error, fmt};

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::overload::priority::Priority;

/// The header that says how much a request matters: `x-fusebox-priority: critical`.
pub const PRIORITY: HeaderName = HeaderName::from_static("x-fusebox-priority");

/// The digits of the highest level.
const MOST_DIGITS: usize = 3;

/// The header [`x-fusebox-priority`](PRIORITY) says something else than a priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadPriorityHeader(());

impl fmt::Display for BadPriorityHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the header `x-fusebox-priority` must be critical, default, sheddable, background, or \
             a level from 0 to 255",
        )
    }
}

impl Error for BadPriorityHeader {}

/// Reads a request's priority from [`x-fusebox-priority`](PRIORITY): a name, in any case of
/// its letters, or a level of 1 to 3 digits. Of several headers the one with the lowest
/// priority holds. Without any, there is none.
///
/// **Whoever sends the request chooses it.** From outside of your own services, take no
/// more than a caller may have: `priority.min(Priority::DEFAULT)`.
///
/// # Errors
/// [`BadPriorityHeader`] where one of the headers is not what it should be, whatever the
/// others say.
///
/// ```
/// use fusebox::{Priority, http::read_priority};
/// use http::{HeaderMap, HeaderValue};
///
/// let mut headers = HeaderMap::new();
/// assert_eq!(read_priority(&headers), Ok(None));
/// headers.insert("x-fusebox-priority", HeaderValue::from_static("background"));
/// assert_eq!(read_priority(&headers), Ok(Some(Priority::BACKGROUND)));
/// headers.insert("x-fusebox-priority", HeaderValue::from_static("200"));
/// assert_eq!(read_priority(&headers), Ok(Some(Priority::new(200))));
/// headers.insert("x-fusebox-priority", HeaderValue::from_static("high"));
/// assert!(read_priority(&headers).is_err());
/// ```
pub fn read_priority(headers: &HeaderMap) -> Result<Option<Priority>, BadPriorityHeader> {
    let mut lowest: Option<Priority> = None;
    for value in headers.get_all(PRIORITY) {
        let told = priority(value).ok_or(BadPriorityHeader(()))?;
        lowest = Some(lowest.map_or(told, |it| it.min(told)));
    }
    Ok(lowest)
}

/// Writes a priority into [`x-fusebox-priority`](PRIORITY), in the place of what stands
/// there: its name, or its level where it has none. With
/// [`Priority::current()`](Priority::current), a service hands on what it was asked with,
/// and all services down the chain turn the same calls away.
///
/// ```
/// use fusebox::{Priority, http::write_priority};
/// use http::HeaderMap;
///
/// let mut headers = HeaderMap::new();
/// write_priority(&mut headers, Priority::SHEDDABLE);
/// assert_eq!(headers["x-fusebox-priority"], "sheddable");
/// ```
pub fn write_priority(headers: &mut HeaderMap, priority: Priority) {
    let value = match priority.name() {
        Some(name) => HeaderValue::from_static(name),
        None => HeaderValue::from(u16::from(priority.level())),
    };
    headers.insert(PRIORITY, value);
}

/// A name, or a level. A `+`, which a number may have elsewhere, is none here.
fn priority(value: &HeaderValue) -> Option<Priority> {
    let text = value.to_str().ok()?;
    let is_word = text.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_level = text.len() <= MOST_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_word || is_level { text.parse().ok() } else { None }
}
