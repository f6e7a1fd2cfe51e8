//! The units of settings, and what a setter takes for a value in each.

use core::{fmt, time::Duration};

use crate::config::Text;

/// The unit of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unit {
    /// A plain number.
    Count,
    /// A share in percent.
    Percent,
    /// Time, in whole milliseconds.
    Milliseconds,
    /// Time, in whole nanoseconds.
    Nanoseconds,
    /// Something that is on, 1, or off, 0.
    Flag,
}

const SECOND: u128 = 1_000_000_000;

impl Unit {
    /// A value as people read it: `5`, `10%`, `60s`.
    pub(crate) fn fmt(self, value: u128, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Milliseconds => {
                write!(f, "{:?}", duration(value.saturating_mul(SECOND / 1_000)))
            }
            unit => unit.fmt_exactly(value, f),
        }
    }

    /// A value in the words of [`range`](Self::range).
    pub(crate) fn fmt_exactly(self, value: u128, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count => write!(f, "{value}"),
            Self::Percent => write!(f, "{value}%"),
            Self::Milliseconds => write!(f, "{value} ms"),
            Self::Nanoseconds => write!(f, "{:?}", duration(value)),
            Self::Flag => f.write_str(on(value)),
        }
    }

    /// The text, with a value in this unit.
    pub(crate) const fn exactly(self, text: Text, value: u128) -> Text {
        match self {
            Self::Count => text.number(value),
            Self::Percent => text.number(value).and("%"),
            Self::Milliseconds => text.number(value).and(" ms"),
            Self::Nanoseconds => nanos(text, value),
            Self::Flag => text.and(on(value)),
        }
    }

    /// The text, with a range in this unit.
    pub(crate) const fn range(self, text: Text, min: u128, max: u128) -> Text {
        if let Self::Flag = self {
            return text.and("on or off");
        }
        let text = text.and("from ");
        match self {
            Self::Flag => text,
            Self::Count => text.number(min).and(" to ").number(max),
            Self::Percent => text.number(min).and(" to ").number(max).and("%"),
            Self::Milliseconds => text.number(min).and(" to ").number(max).and(" ms"),
            Self::Nanoseconds => nanos(nanos(text, min).and(" to "), max),
        }
    }
}

/// So many nanoseconds, or the longest time that there is.
fn duration(nanos: u128) -> Duration {
    #[allow(clippy::cast_possible_truncation)] // less than a second
    let rest = (nanos % SECOND) as u32;
    u64::try_from(nanos / SECOND).map_or(Duration::MAX, |seconds| Duration::new(seconds, rest))
}

/// The text, with a time in the largest unit in which it is a whole number.
const fn on(value: u128) -> &'static str {
    if value == 0 { "off" } else { "on" }
}

const fn nanos(text: Text, time: u128) -> Text {
    if time.is_multiple_of(SECOND) {
        text.number(time / SECOND).and("s")
    } else if time.is_multiple_of(1_000_000) {
        text.number(time / 1_000_000).and("ms")
    } else {
        text.number(time).and("ns")
    }
}

/// The words of rows for units: what a setter takes, its value in the unit, by how
/// much a row's numbers are multiplied, and whether 0 is none.
pub(crate) mod count {
    pub(crate) use super::Unit::Count as UNIT;

    pub(crate) type Given = u32;
    pub(crate) const SCALE: u64 = 1;
    pub(crate) const OPTIONAL: bool = false;

    pub(crate) const fn raw(given: u32) -> u128 {
        given as u128
    }
}

pub(crate) mod percent {
    pub(crate) use super::{
        Unit::Percent as UNIT,
        count::{Given, OPTIONAL, SCALE, raw},
    };
}

/// Percent above a hundred, or none.
pub(crate) mod excess {
    pub(crate) use super::{
        Unit::Percent as UNIT,
        count::{Given, SCALE, raw},
    };

    pub(crate) const OPTIONAL: bool = true;
}

pub(crate) mod millis {
    pub(crate) use super::{
        Unit::Milliseconds as UNIT,
        count::{OPTIONAL, SCALE},
    };

    pub(crate) type Given = super::Duration;

    /// A part of a millisecond counts as a whole one.
    pub(crate) const fn raw(given: Given) -> u128 {
        given.as_nanos().div_ceil(1_000_000)
    }
}

/// A limit in milliseconds, or none. It must be as long as a step of the clock
/// that measures it, which is the default one unless a setter asks for another.
pub(crate) mod limit {
    use super::millis;
    pub(crate) use super::{
        Unit::Milliseconds as UNIT,
        millis::{Given, SCALE},
    };
    use crate::config::setting::measured;

    pub(crate) const OPTIONAL: bool = true;
    /// The longest step of the host's coarse clock, in milliseconds.
    pub(crate) const STEP: u64 = 10;

    pub(crate) const fn raw(given: Given) -> u128 {
        measured(millis::raw(given), STEP)
    }
}

/// Nanoseconds; a row has them in milliseconds, which people can read.
pub(crate) mod delay {
    pub(crate) use super::{
        Unit::Nanoseconds as UNIT,
        millis::{Given, OPTIONAL},
    };

    pub(crate) const SCALE: u64 = 1_000_000;

    pub(crate) const fn raw(given: Given) -> u128 {
        given.as_nanos()
    }
}

/// A time in nanoseconds, with its range in them.
pub(crate) mod nanos {
    pub(crate) use super::{
        Unit::Nanoseconds as UNIT,
        delay::{Given, OPTIONAL, raw},
    };

    pub(crate) const SCALE: u64 = 1;
}

/// Something that is so, or not: 1 or 0.
pub(crate) mod flag {
    pub(crate) use super::{
        Unit::Flag as UNIT,
        count::{OPTIONAL, SCALE},
    };

    pub(crate) type Given = bool;

    pub(crate) const fn raw(given: bool) -> u128 {
        given as u128
    }
}
