//! How serious a host's pressure is, and the rule by which it rises and falls.

use core::fmt;

use crate::overload::{
    pressure::{reading::PressureReading, settings::PressureSettings},
    priority::Priority,
};

/// How serious a host's pressure is, from calm to critical.
///
/// It rises by one step with each reading that is above the next level's threshold, and
/// falls by one step with each that is below three quarters of its own level's threshold.
/// So it does not flap around a threshold, and one odd reading moves it by one step.
///
/// | level | a share, with the threshold t | the run queue, with q | calls that are still admitted |
/// |---|---|---|---|
/// | calm | | | all |
/// | raised | from t / 2 on | from q / 2 on | from [`SHEDDABLE`](Priority::SHEDDABLE) up |
/// | high | from t on | from q on | from [`DEFAULT`](Priority::DEFAULT) up |
/// | critical | from the middle of t and 100 % on | from 2 q on | from [`CRITICAL`](Priority::CRITICAL) up |
///
/// ```
/// use fusebox::{Pressure, PressureConfig, PressureLevel, PressureReading};
///
/// let host = Pressure::new(PressureConfig::new().cpu(60).build());
/// assert_eq!(host.level(), PressureLevel::Calm);
/// let busy = PressureReading { cpu: 900, ..PressureReading::CALM };
/// assert_eq!(host.set(busy), PressureLevel::Raised); // one step at a time
/// assert_eq!(host.set(busy), PressureLevel::High);
/// assert!(PressureLevel::High > PressureLevel::Raised);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum PressureLevel {
    /// Nothing is short.
    #[default]
    Calm,
    /// Work waits now and then: background work can wait, too.
    Raised,
    /// Work waits much of the time: what somebody can do without should not be done.
    High,
    /// The host hardly gets anything done: only what matters most should be.
    Critical,
}

impl PressureLevel {
    pub(super) const ALL: [Self; 4] = [Self::Calm, Self::Raised, Self::High, Self::Critical];

    /// Returns the lowest priority whose calls are admitted at this level by those who
    /// shed under pressure. Calls of its class are, too, as [`Priority::class`] says.
    #[must_use]
    pub const fn least(self) -> Priority {
        match self {
            Self::Calm => Priority::new(0),
            Self::Raised => Priority::SHEDDABLE,
            Self::High => Priority::DEFAULT,
            Self::Critical => Priority::CRITICAL,
        }
    }

    /// The level after a reading.
    pub(super) fn after(self, reading: PressureReading, settings: PressureSettings) -> Self {
        let at = self as usize;
        if Self::reached(reading, settings, 4) > self {
            Self::ALL[at + 1]
        } else if Self::reached(reading, settings, 3) < self {
            Self::ALL[at - 1]
        } else {
            self
        }
    }

    /// The highest level of which so many quarters of a threshold are reached.
    fn reached(reading: PressureReading, settings: PressureSettings, quarters: u32) -> Self {
        let PressureReading { cpu, memory, io, queue } = reading;
        let shares = [(cpu, settings.cpu()), (memory, settings.memory()), (io, settings.io())];
        let of_shares = shares.map(|(share, percent)| {
            let high = percent * 10;
            Self::of(share.into(), [high / 2, high, u32::midpoint(high, 1000)], quarters)
        });
        let high = settings.queue() * 10;
        let of_queue = Self::of(queue.into(), [high / 2, high, 2 * high], quarters);
        of_shares.into_iter().fold(of_queue, Self::max)
    }

    fn of(value: u32, thresholds: [u32; 3], quarters: u32) -> Self {
        if thresholds[0] == 0 {
            return Self::Calm; // nobody looks at this one
        }
        let reached = thresholds.into_iter().filter(|it| 4 * value >= quarters * it).count();
        Self::ALL[reached]
    }
}

/// As in "high".
impl fmt::Display for PressureLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Calm => "calm",
            Self::Raised => "raised",
            Self::High => "high",
            Self::Critical => "critical",
        })
    }
}
