//! One breaker on a map.

use crate::{
    breaker::reading::Reading, callers::callers::Callers, name::Name, state::State, time::Tick,
};

/// A breaker on a [`Map`](crate::Map).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MapNode {
    pub(super) name: Option<Name>,
    pub(super) state: State,
    /// When it left Closed.
    pub(super) opened: Option<Tick>,
    pub(super) callers: Callers,
    pub(super) number: u16,
}

impl MapNode {
    pub(super) fn of(reading: &Reading, number: u16) -> Self {
        let Reading { name, at, snapshot, open_for, callers, .. } = reading;
        let opened = open_for.and_then(|open_for| {
            let ago = u64::try_from(open_for.as_millis()).ok()?;
            Some(Tick::from_millis(at.as_millis().wrapping_sub(ago)))
        });
        Self { name: *name, state: snapshot.state, opened, callers: *callers, number }
    }

    /// Returns the breaker's name, where it has one.
    #[must_use]
    pub const fn name(&self) -> Option<Name> {
        self.name
    }

    /// Returns the breaker's number on the map, from 1 to 256.
    #[must_use]
    pub const fn number(&self) -> u16 {
        self.number
    }

    /// Returns the number of the breaker's slot, from 0: one less than its number on the map.
    #[must_use]
    pub const fn slot(&self) -> usize {
        self.number as usize - 1
    }

    /// Returns the breaker's state when it was read.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Returns the most attempts that retries made around a call of this breaker; at least 1.
    #[must_use]
    pub const fn attempts(&self) -> u16 {
        self.callers.attempts_around()
    }

    /// Returns the most attempts that retries made inside a call of this breaker; at least 1.
    #[must_use]
    pub const fn attempts_within(&self) -> u16 {
        self.callers.attempts_within()
    }
}
