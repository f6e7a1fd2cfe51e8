//! What is wrong with a setting.

use core::{error::Error, fmt};

use crate::config::{Text, Unit, unit::limit};

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
    /// A limit in milliseconds that is shorter than a step of its clock.
    Step { value: u64, step: u64 },
    /// A burst that is shorter than two steps of its clock, in nanoseconds.
    Coarse { burst: u64, least: u64, step: u64 },
    /// A setting that goes with another one only where it is left alone.
    Excluded { unit: Unit, value: u128, by: &'static str },
    /// A number that is no share.
    Share { bits: u64 },
    /// A number that is no part of a whole, in millionths.
    Part { bits: u64 },
    /// A share that is not below the one that opens.
    Normal { bits: u64 },
    /// More than the largest score can keep.
    Promise { calls: u64 },
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

    /// `step` is that of the clock that would measure it, in milliseconds.
    pub(crate) const fn below_clock(field: &'static str, value: u64, step: u64) -> Self {
        Self { field, violation: Violation::Step { value, step } }
    }

    /// Of a rate limit: its clock of such steps, in nanoseconds, needs more of a burst.
    pub(crate) const fn too_coarse(field: &'static str, burst: u64, least: u64, step: u64) -> Self {
        Self { field, violation: Violation::Coarse { burst, least, step } }
    }

    /// `by` is the setting, or the kind of slot, that it does not go with.
    pub(crate) const fn excluded(
        field: &'static str,
        unit: Unit,
        value: u128,
        by: &'static str,
    ) -> Self {
        Self { field, violation: Violation::Excluded { unit, value, by } }
    }

    pub(crate) const fn no_share(field: &'static str, value: f64) -> Self {
        Self { field, violation: Violation::Share { bits: value.to_bits() } }
    }

    pub(crate) const fn no_part(field: &'static str, value: f64) -> Self {
        Self { field, violation: Violation::Part { bits: value.to_bits() } }
    }

    pub(crate) const fn not_normal(field: &'static str, value: f64) -> Self {
        Self { field, violation: Violation::Normal { bits: value.to_bits() } }
    }

    pub(crate) const fn no_promise(field: &'static str, calls: u64) -> Self {
        Self { field, violation: Violation::Promise { calls } }
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
            Violation::Step { step, .. } => {
                let clock = if step == limit::STEP {
                    ", a step of `StdClock`"
                } else {
                    ", a step of its clock"
                };
                text.and("at least ").number(step as u128).and(" ms").and(clock)
            }
            Violation::Coarse { least, step, .. } => Unit::Nanoseconds
                .exactly(
                    text.and("at least ").number(least as u128).and(" on a clock with steps of "),
                    step as u128,
                )
                .and(", unless it is `precise`"),
            Violation::Excluded { by, .. } => text.and("left alone with ").and(by),
            Violation::Factor { .. } => text.and("a finite number of at least 1"),
            Violation::Share { .. } => text.and("of shares between 0 and 1"),
            Violation::Part { .. } => text.and("0, or from 0.000001 to 1"),
            Violation::Normal { .. } => text.and("normally above 0 and below the share that opens"),
            Violation::Promise { .. } => {
                text.and("of fewer calls, or of shares further apart: a score has 11 bits")
            }
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
            Violation::Range { unit, value, .. }
            | Violation::Multiple { unit, value, .. }
            | Violation::Excluded { unit, value, .. } => unit.fmt_exactly(value, f)?,
            Violation::Step { value, .. } => write!(f, "{value} ms")?,
            Violation::Coarse { burst, .. } => write!(f, "{burst}")?,
            Violation::Promise { calls } => write!(f, "false_alarm_every({calls})")?,
            Violation::Share { bits } => write!(f, "above({})", f64::from_bits(bits))?,
            Violation::Normal { bits } => write!(f, "normally({})", f64::from_bits(bits))?,
            Violation::Empty => f.write_str("empty")?,
            Violation::Factor { bits } | Violation::Part { bits } => {
                write!(f, "{}", f64::from_bits(bits))?;
            }
        }
        write!(f, ", and {}", self.rule().as_str())
    }
}

impl Error for ConfigError {}
