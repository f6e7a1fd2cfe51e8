//! What a sampler has read.

use core::fmt;

/// What a sampler has read of a host: how much of the time some work waited for something
/// of which there was too little, and how long the run queue is.
///
/// The shares are those of Linux's pressure stall information
/// (`Documentation/accounting/psi.rst`), "some": at least one task was ready to go on, and
/// waited. Elsewhere, set what you know, and leave the rest 0.
///
/// ```
/// use fusebox::PressureReading;
///
/// let reading = PressureReading { cpu: 415, queue: 25, ..PressureReading::CALM };
/// assert_eq!(reading.to_string(), "cpu 41.5%, memory 0.0%, io 0.0%, 2.5 tasks per core");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PressureReading {
    /// The share of the time in which work waited for a core, in thousandths. Above 1000
    /// it counts as 1000.
    pub cpu: u16,
    /// The share of the time in which work waited for memory, in thousandths. Above 1000
    /// it counts as 1000.
    pub memory: u16,
    /// The share of the time in which work waited for input or output, in thousandths.
    /// Above 1000 it counts as 1000.
    pub io: u16,
    /// How many tasks run or are ready to, for each core, in tenths. Above 4095 it counts
    /// as 4095.
    pub queue: u16,
}

impl PressureReading {
    /// Nothing waits.
    pub const CALM: Self = Self { cpu: 0, memory: 0, io: 0, queue: 0 };
}

impl fmt::Display for PressureReading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cpu, memory, io, queue } = *self;
        for (name, share) in [("cpu", cpu), ("memory", memory), ("io", io)] {
            write!(f, "{name} {}.{}%, ", share / 10, share % 10)?;
        }
        write!(f, "{}.{} tasks per core", queue / 10, queue % 10)
    }
}
