//! What an intake says of itself, to be shown or judged.

use core::time::Duration;

use crate::intake::settings::IntakeSettings;

/// A reading of an intake, by [`Intake::reading`](crate::Intake::reading). What it says of
/// calls is of one moment; the settings and the counts are read beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct IntakeReading {
    /// The settings in force.
    pub settings: IntakeSettings,
    /// How many calls are at work or in line.
    pub in_flight: u32,
    /// How many of them stand in line, as no worker is free.
    pub waiting: u32,
    /// How long a call takes a worker, on average of the last 63 or so; `None` before the
    /// first one has ended.
    pub work_time: Option<Duration>,
    /// How long a call that came now would wait for a worker.
    pub expected_wait: Duration,
    /// How many calls were refused when they came. The count wraps; it is up to a 64th too
    /// large where one thread was turned away very often.
    pub refused: u64,
    /// How many calls were refused when a worker took them, as they had waited too long.
    pub overdue: u64,
}
