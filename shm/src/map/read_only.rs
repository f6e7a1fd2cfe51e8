//! The mapped file, for a tool that may not write it.

use core::sync::atomic::Ordering;
use std::{fs::File, io};

use fusebox::{CircuitBreaker, Panel, Reading};

use super::{Map, size};
use crate::epoch::Epoch;

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
    pub(crate) fn new(file: &File, slots: usize) -> io::Result<Self> {
        Ok(Self(Map { memory: size(slots)?.map_raw_read_only(file)?, slots }))
    }

    pub(crate) const fn capacity(&self) -> usize {
        self.0.slots
    }

    pub(crate) fn epoch(&self) -> Epoch {
        Epoch(self.0.epoch().load(Ordering::Relaxed))
    }

    pub(crate) fn readings(&self) -> impl Iterator<Item = (usize, Reading)> {
        let slots: &[CircuitBreaker] = self.0.slots();
        Panel::new(slots).readings()
    }
}
