//! The mapped file, for a tool that may not write it.

use core::sync::atomic::Ordering;
use std::{fs::File, io};

use fusebox::{
    Entry, LimitsReading, Panel, PressureLevel, PressureReading, Reading, StdClock, Trace,
};

use super::{Map, size};
use crate::{bulkhead::readings, epoch::Epoch, header::Kind};

/// The same, without permission to write: a store there is a SIGSEGV. So it
/// lends out no breaker, and does nothing but load.
///
/// Rust promises that a relaxed load of 64 bits writes nothing, not even what
/// is there already, only where that is a pointer's width ("atomic accesses to
/// read-only memory" in the docs of `core::sync::atomic`).
#[derive(Debug)]
pub(crate) struct ReadOnly(Map);

impl ReadOnly {
    /// Maps a file that has this many slots, for reading.
    pub(crate) fn new(kind: &'static Kind, file: &File, slots: usize) -> io::Result<Self> {
        Ok(Self(Map { kind, memory: size(kind, slots)?.map_raw_read_only(file)?, slots }))
    }

    pub(crate) const fn capacity(&self) -> usize {
        self.0.slots
    }

    pub(crate) fn epoch(&self) -> Epoch {
        Epoch(self.0.epoch().load(Ordering::Relaxed))
    }

    pub(crate) fn readings(&self) -> impl Iterator<Item = (usize, Reading)> {
        self.panel().readings()
    }

    pub(crate) fn limits_readings(&self) -> impl Iterator<Item = (usize, LimitsReading)> {
        readings(self.panel(), self.0.places())
    }

    /// What was read of the host's pressure last.
    pub(crate) fn pressure(&self) -> Option<(PressureReading, PressureLevel)> {
        self.0.pressure::<StdClock>().look() // which only loads
    }

    /// Whether tuning is frozen.
    pub(crate) fn is_tuning_frozen(&self) -> bool {
        // A flag of its own: relaxed.
        self.0.freeze().load(Ordering::Relaxed) != 0
    }

    fn panel(&self) -> Panel<'_> {
        Panel::with_limits(self.0.slots(), self.0.limits())
    }

    /// What a trace says.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry> {
        Trace::new(self.0.words()).entries()
    }

    /// How many records a trace keeps, and how many were written.
    pub(crate) fn records(&self) -> (usize, u64) {
        let trace = Trace::new(self.0.words());
        (trace.capacity(), trace.written())
    }
}
