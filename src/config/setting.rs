//! A row of a table: all that is known of one setting.

use core::fmt;

use crate::config::{ConfigError, Unit};

/// A setting: its name, its unit, its range, its default and what it does.
/// Values are whole numbers of the unit.
///
/// A tool that shows settings, or takes them from a user, needs no list of its
/// own:
///
/// ```
/// use fusebox::{BreakerConfig, Unit};
///
/// for setting in BreakerConfig::TABLE {
///     println!("{}: {}, {} to {}", setting.name(), setting.text(), setting.min(), setting.max());
/// }
/// let timeout = BreakerConfig::TABLE.iter().find(|it| it.name() == "recovery_timeout").unwrap();
/// assert_eq!((timeout.unit(), timeout.default_value()), (Unit::Milliseconds, 60_000));
/// assert_eq!(timeout.key(), "recovery_timeout_ms");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    pub(crate) name: &'static str,
    pub(crate) key: &'static str,
    pub(crate) unit: Unit,
    pub(crate) min: u64,
    pub(crate) max: u64,
    pub(crate) default: u64,
    pub(crate) optional: bool,
    pub(crate) text: &'static str,
}

impl Setting {
    /// Returns the name of the setting, which is also that of its setter.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the name with its unit, if it has one, such as
    /// `recovery_timeout_ms`. It is the key in JSON.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        self.key
    }

    /// Returns the unit of the values.
    #[must_use]
    pub const fn unit(&self) -> Unit {
        self.unit
    }

    /// Returns the smallest value, but for the 0 of an
    /// [optional](Self::is_optional) setting.
    #[must_use]
    pub const fn min(&self) -> u64 {
        self.min
    }

    /// Returns whether the value may also be 0, which is none: what the setting
    /// limits then has no limit.
    #[must_use]
    pub const fn is_optional(&self) -> bool {
        self.optional
    }

    /// Returns the largest value. Another setting may narrow the range; the
    /// error then says to what.
    #[must_use]
    pub const fn max(&self) -> u64 {
        self.max
    }

    /// Returns the default value.
    #[must_use]
    pub const fn default_value(&self) -> u64 {
        self.default
    }

    /// Returns what the setting is, in a few words without a period.
    #[must_use]
    pub const fn text(&self) -> &'static str {
        self.text
    }

    /// An error where a value is not within a range that is narrower than the
    /// row's own.
    #[allow(clippy::cast_possible_truncation)] // the lower half
    pub(crate) const fn within(
        &'static self,
        value: u128,
        min: u128,
        max: u128,
    ) -> Result<(), ConfigError> {
        if let Some(step) = unmeasurable(value) {
            return Err(ConfigError::below_clock(self.name, value as u64, step));
        }
        if min <= value && value <= max || self.optional && value == 0 {
            Ok(())
        } else {
            Err(ConfigError::out_of_range(self.name, self.unit, value, min, max))
        }
    }

    /// A value of it as people read it: `5`, `10%`, `60s`.
    pub(crate) const fn shown(&self, value: u128) -> Shown {
        Shown { unit: self.unit, value, none: self.optional && value == 0 }
    }
}

/// A value as people read it.
pub(crate) struct Shown {
    unit: Unit,
    value: u128,
    none: bool,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.none { f.write_str("none") } else { self.unit.fmt(self.value, f) }
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A limit that was given, with the steps of the clock that will measure it. One
/// that is shorter than a step stays apart from every value.
pub(crate) const fn measured(millis: u128, step: u64) -> u128 {
    if millis < step as u128 { UNMEASURABLE | (step as u128) << u64::BITS | millis } else { millis }
}

/// The steps of a clock that cannot measure the limit.
#[allow(clippy::cast_possible_truncation)] // the upper half
const fn unmeasurable(value: u128) -> Option<u64> {
    if value & UNMEASURABLE == 0 {
        None
    } else {
        Some(((value & !UNMEASURABLE) >> u64::BITS) as u64)
    }
}

/// Above every number of milliseconds that there is.
const UNMEASURABLE: u128 = 1 << 127;

/// The default of each setting.
pub(crate) const fn defaults<const N: usize>(table: &[Setting]) -> [u128; N] {
    let mut values = [0; N];
    let mut at = 0;
    while at < N {
        values[at] = table[at].default as u128;
        at += 1;
    }
    values
}

/// The first value that is out of its row's range.
pub(crate) const fn check(table: &'static [Setting], values: &[u128]) -> Result<(), ConfigError> {
    let mut at = 0;
    while at < table.len() {
        let setting = &table[at];
        let checked = setting.within(values[at], setting.min as u128, setting.max as u128);
        if checked.is_err() {
            return checked;
        }
        at += 1;
    }
    Ok(())
}

/// The row of a setting.
pub(crate) fn position(table: &[Setting], name: &str) -> Option<usize> {
    table.iter().position(|setting| setting.name == name)
}

/// A doc comment's first line as a text: without the space before it and the
/// period after it. It is a whole sentence, as that is all that tools show.
pub(crate) const fn text(doc: &'static str) -> &'static str {
    let [text @ .., b'.'] = doc.trim_ascii().as_bytes() else {
        panic!("the first line of a setting's docs must end with a period")
    };
    match core::str::from_utf8(text) {
        Ok(text) => text,
        Err(_) => doc, // only the last of its bytes may be gone, an ASCII one
    }
}
