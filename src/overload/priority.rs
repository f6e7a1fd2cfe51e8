//! How much a call matters.

use core::{fmt, num::ParseIntError, str::FromStr};

/// How much a call matters, from 0 to 255, where more matters more.
///
/// Where not every call can be admitted, those of a lower priority are turned away
/// first: by a breaker that sheds load or lets calls back after an outage, by a server's
/// own guard, and where the host is under pressure. Sixteen classes of sixteen levels are
/// told apart: calls of one class are treated alike.
///
/// Four levels have names: [`CRITICAL`](Self::CRITICAL), [`DEFAULT`](Self::DEFAULT),
/// [`SHEDDABLE`](Self::SHEDDABLE), [`BACKGROUND`](Self::BACKGROUND). They are those of
/// "Handling overload" in Google's book on site reliability.
///
/// ```
/// use fusebox::Priority;
///
/// assert!(Priority::CRITICAL > Priority::DEFAULT);
/// assert!(Priority::new(200) > Priority::DEFAULT);
/// assert_eq!("background".parse(), Ok(Priority::BACKGROUND));
/// assert_eq!("7".parse(), Ok(Priority::new(7)));
/// assert_eq!(Priority::SHEDDABLE.to_string(), "sheddable");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Priority(u8);

/// The levels with a name, the highest first.
const NAMED: [(Priority, &str); 4] = [
    (Priority::CRITICAL, "critical"),
    (Priority::DEFAULT, "default"),
    (Priority::SHEDDABLE, "sheddable"),
    (Priority::BACKGROUND, "background"),
];

impl Priority {
    /// Somebody waits, and notices at once when the call fails: a payment. Level 224.
    pub const CRITICAL: Self = Self(224);
    /// What a call is unless somebody says otherwise. Level 160.
    pub const DEFAULT: Self = Self(160);
    /// The call can fail now and then, and somebody tries again later, or does without:
    /// a recommendation. Level 96.
    pub const SHEDDABLE: Self = Self(96);
    /// Nobody waits: a nightly job, a cache that is warmed. Level 32.
    pub const BACKGROUND: Self = Self(32);

    /// Makes a priority of a level.
    #[must_use]
    #[inline]
    pub const fn new(level: u8) -> Self {
        Self(level)
    }

    /// Returns the level.
    #[must_use]
    #[inline]
    pub const fn level(self) -> u8 {
        self.0
    }

    /// Returns the level's name, or `None` if it has none.
    pub(crate) fn name(self) -> Option<&'static str> {
        NAMED.into_iter().find(|(named, _)| *named == self).map(|(_, name)| name)
    }

    /// Returns its class, from 0 to 15: calls of one class are treated alike.
    ///
    /// ```
    /// use fusebox::Priority;
    ///
    /// assert_eq!((Priority::DEFAULT.class(), Priority::new(175).class()), (10, 10));
    /// ```
    #[must_use]
    #[inline]
    pub const fn class(self) -> u8 {
        self.0 >> 4
    }

    /// Returns the priority of the scope that this code runs in, or
    /// [`DEFAULT`](Self::DEFAULT). `enter` and `scope` begin one. Without the `std`
    /// feature there are no scopes.
    #[must_use]
    #[inline]
    pub fn current() -> Self {
        #[cfg(feature = "std")]
        return crate::overload::scope::current().unwrap_or(Self::DEFAULT);
        #[cfg(not(feature = "std"))]
        Self::DEFAULT
    }
}

impl Default for Priority {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Its name, or its level where it has none.
impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => self.0.fmt(f),
        }
    }
}

impl fmt::Debug for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Priority({self})")
    }
}

impl From<u8> for Priority {
    fn from(level: u8) -> Self {
        Self(level)
    }
}

/// A text that is no priority.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadPriority {
    /// It is neither a name nor a number.
    NotANumber(ParseIntError),
}

impl fmt::Display for BadPriority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a priority is critical, default, sheddable, background, or a level from 0 to 255",
        )
    }
}

impl core::error::Error for BadPriority {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        let Self::NotANumber(error) = self;
        Some(error)
    }
}

/// Reads a name, in any case of its letters, or a level.
impl FromStr for Priority {
    type Err = BadPriority;

    fn from_str(text: &str) -> Result<Self, BadPriority> {
        match NAMED.into_iter().find(|(_, name)| name.eq_ignore_ascii_case(text)) {
            Some((priority, _)) => Ok(priority),
            None => text.parse().map(Self).map_err(BadPriority::NotANumber),
        }
    }
}
