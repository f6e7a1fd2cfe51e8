//! Where readings come from: the one file that knows the shared panel.

use std::path::{Path, PathBuf};

use fusebox::{CircuitBreaker, Panel, Reading, Registry};

use crate::failure::Failure;

static DEMO: Registry<64> = Registry::new();

/// A panel's file, mapped.
pub struct Source {
    path: PathBuf,
}

impl Source {
    /// Maps `path` to look at it.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        Ok(Self { path: path.into() })
    }

    /// Maps `path` to change what is in it.
    pub fn write(path: &Path) -> Result<Self, Failure> {
        Self::read(path)
    }

    /// Maps `path` to change what is in it if that is allowed, or else to look
    /// at it.
    pub fn write_or_read(path: &Path) -> Result<Self, Failure> {
        Self::read(path)
    }

    /// Its file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many breakers there can be.
    pub fn capacity(&self) -> usize {
        DEMO.capacity()
    }

    /// A reading of each breaker, with the number of its slot.
    pub fn readings(&self) -> Vec<(usize, Reading)> {
        DEMO.panel().readings().collect()
    }

    /// The panel, where it may be changed.
    pub fn panel(&self) -> Option<Panel<'_>> {
        Some(DEMO.panel())
    }

    /// The breaker in a slot, where it may be changed.
    pub fn breaker(&self, slot: usize) -> Option<&CircuitBreaker> {
        self.panel()?.slots().get(slot)
    }

    /// Whether its path still leads to what is mapped: a file that was deleted
    /// or replaced goes on for those that have it, and no program that starts
    /// now will share it.
    pub fn is_current(&self) -> bool {
        true
    }
}
