//! What one instance says of one breaker.

use std::time::Duration;

use fusebox::{Name, Reading, State};

/// What one instance says of one breaker, which is not well. Only that instance ever
/// writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Register {
    /// The breaker's name.
    pub name: Name,
    /// Its state.
    pub state: State,
    /// The number of changes of state so far, modulo 1024.
    pub generation: u16,
    /// How many failures its score is worth, at most 255.
    pub failures: u8,
    /// The time until it admits a probe, where it is open. A duration: the clocks of two
    /// hosts are never compared.
    pub left: Duration,
}

impl Register {
    /// What a reading says; `None` where there is nothing to say: the breaker has no
    /// name, or it is closed without a failure.
    #[must_use]
    pub fn of(reading: &Reading) -> Option<Self> {
        let name = reading.name?;
        let snapshot = reading.snapshot;
        let weight = u16::from(reading.settings.failure_weight().max(1));
        let failures = match snapshot.state {
            State::Closed if snapshot.score == 0 => return None,
            State::Closed => snapshot.score.div_ceil(weight),
            State::Disabled => 0,
            // Whoever has opened has seen as much as anybody need see.
            _ => u16::from(u8::MAX),
        };
        Some(Self {
            name,
            state: snapshot.state,
            generation: snapshot.generation,
            failures: u8::try_from(failures).unwrap_or(u8::MAX),
            left: reading.time_left.unwrap_or_default(),
        })
    }
}

/// Whether others would learn nothing new: how much is left of a wait, they count down
/// themselves.
pub(crate) fn say_the_same(now: &[Register], before: &[Register]) -> bool {
    let plain = |it: &Register| Register { left: Duration::ZERO, ..*it };
    now.iter().map(plain).eq(before.iter().map(plain))
}
