//! What is wrong with a setting.

use core::{error::Error, fmt};

use crate::config::{Text, Unit};

/// A setting is out of its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConfigError {
    field: &'static str,
    violation: Violation,
}

/// What is wrong with a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Violation {
    /// A number outside its range.
    Range { unit: Unit, value: u128, min: u128, max: u128 },
    /// A number that is no multiple of another.
    Multiple { unit: Unit, value: u128, of: u128 },
    /// A list without an element.
    Empty,
    /// A factor that is not finite, or below 1; its bits, as `f64` has no `Eq`.
    Factor { bits: u64 },
}

impl ConfigError {
    pub(crate) const fn out_of_range(
        field: &'static str,
        unit: Unit,
        value: u128,
        min: u128,
        max: u128,
    ) -> Self {
        Self { field, violation: Violation::Range { unit, value, min, max } }
    }

    pub(crate) const fn no_multiple(
        field: &'static str,
        unit: Unit,
        value: u128,
        of: u128,
    ) -> Self {
        Self { field, violation: Violation::Multiple { unit, value, of } }
    }

    pub(crate) const fn empty(field: &'static str) -> Self {
        Self { field, violation: Violation::Empty }
    }

    pub(crate) const fn no_factor(field: &'static str, factor: f64) -> Self {
        Self { field, violation: Violation::Factor { bits: factor.to_bits() } }
    }

    /// Returns the name of the setting, which is also that of its setter.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        self.field
    }

    /// What the setting must be.
    const fn rule(&self) -> Text {
        let text = Text::new("must be ");
        match self.violation {
            Violation::Range { unit, min, max, .. } => unit.range(text, min, max),
            Violation::Multiple { unit, of, .. } => unit.exactly(text.and("a multiple of "), of),
            Violation::Empty => text.and("a list of at least one delay"),
            Violation::Factor { .. } => text.and("a finite number of at least 1"),
        }
    }

    /// Ends a `build()`. In a constant that is a compile error, whose text can
    /// hold no number but those that [`Text`] writes.
    #[cold]
    #[track_caller]
    pub(crate) const fn panic(self) -> ! {
        let text = Text::new("`").and(self.field).and("` ").and(self.rule().as_str());
        panic!("{}", text.as_str())
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is ", self.field)?;
        match self.violation {
            Violation::Range { unit, value, .. } | Violation::Multiple { unit, value, .. } => {
                unit.fmt_exactly(value, f)?;
            }
            Violation::Empty => f.write_str("empty")?,
            Violation::Factor { bits } => write!(f, "{}", f64::from_bits(bits))?,
        }
        write!(f, ", and {}", self.rule().as_str())
    }
}

impl Error for ConfigError {}
