//! What is wrong with a drill.

use core::{error::Error, fmt, time::Duration};

/// A drill is not one that a breaker takes: it names the field, its value and the range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrillError {
    field: &'static str,
    violation: Violation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Violation {
    /// No share in percent; its bits, as `f64` has no `Eq`.
    Percent { bits: u64 },
    /// A time outside its range.
    Time { value: Duration, least: Duration, most: Duration },
    /// The shares of all faults are more than all calls, in hundredths of a percent.
    Sum { hundredths: u32 },
    /// No call would be anything but made.
    Nothing,
    /// Shares above the cap, in hundredths of a percent.
    CappedShare { hundredths: u32, most: u32 },
    /// A time above the cap.
    CappedTime { value: Duration, most: Duration },
}

impl DrillError {
    pub(super) const fn percent(field: &'static str, value: f64) -> Self {
        Self { field, violation: Violation::Percent { bits: value.to_bits() } }
    }

    pub(super) const fn time(
        field: &'static str,
        value: Duration,
        least: Duration,
        most: Duration,
    ) -> Self {
        Self { field, violation: Violation::Time { value, least, most } }
    }

    pub(super) const fn sum(hundredths: u32) -> Self {
        Self { field: "fail, hang, panic and slow", violation: Violation::Sum { hundredths } }
    }

    pub(super) const fn nothing() -> Self {
        Self { field: "fail, hang, panic and slow", violation: Violation::Nothing }
    }

    pub(super) const fn capped_share(field: &'static str, hundredths: u32, most: u32) -> Self {
        Self { field, violation: Violation::CappedShare { hundredths, most } }
    }

    pub(super) const fn capped_time(field: &'static str, value: Duration, most: Duration) -> Self {
        Self { field, violation: Violation::CappedTime { value, most } }
    }

    /// Returns the name of the setting, which is also that of its setter.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        self.field
    }

    /// Returns whether the drill is refused only as it is above its cap, so that one that is
    /// [`uncapped`](crate::DrillConfig::uncapped) would be taken.
    #[must_use]
    pub const fn is_capped(&self) -> bool {
        matches!(self.violation, Violation::CappedShare { .. } | Violation::CappedTime { .. })
    }

    /// Ends a `build()`. In a constant that is a compile error, whose text holds no number.
    #[cold]
    #[track_caller]
    pub(super) const fn panic(self) -> ! {
        match self.violation {
            Violation::Percent { .. } => {
                panic!("a share of a drill must be 0, or from 0.01 to 100 percent")
            }
            Violation::Time { .. } => panic!("a time of a drill is out of its range"),
            Violation::Sum { .. } => panic!("the shares of a drill must be 100 percent at most"),
            Violation::Nothing => panic!("a drill must have a share of some fault"),
            Violation::CappedShare { .. } => panic!("a share of this drill is above the cap"),
            Violation::CappedTime { .. } => panic!("a time of this drill is above the cap"),
        }
    }
}

/// Hundredths of a percent, as people read them.
struct Percent(u32);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", f64::from(self.0) / 100.0)
    }
}

impl fmt::Display for DrillError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = self.field;
        match self.violation {
            Violation::Percent { bits } => {
                let value = f64::from_bits(bits);
                write!(f, "`{field}` is {value}%, and must be 0, or from 0.01 to 100%")
            }
            Violation::Time { value, least, most } => {
                write!(f, "`{field}` is {value:?}, and must be from {least:?} to {most:?}")
            }
            Violation::Sum { hundredths } => {
                let sum = Percent(hundredths);
                write!(f, "{field} are {sum} together, and must be 100% at most")
            }
            Violation::Nothing => {
                write!(f, "{field} are 0%, and one of them must be more: it would do nothing")
            }
            Violation::CappedShare { hundredths, most: 0 } => {
                let share = Percent(hundredths);
                write!(f, "`{field}` is {share}, and must be 0 unless the drill is uncapped")
            }
            Violation::CappedShare { hundredths, most } => {
                let (share, most) = (Percent(hundredths), Percent(most));
                write!(
                    f,
                    "{field} are {share} together, and must be {most} at most unless the drill is uncapped"
                )
            }
            Violation::CappedTime { value, most } => {
                write!(
                    f,
                    "`{field}` is {value:?}, and must be {most:?} at most unless the drill is uncapped"
                )
            }
        }
    }
}

impl Error for DrillError {}
