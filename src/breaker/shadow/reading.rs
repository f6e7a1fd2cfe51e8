//! What a shadow says of itself.

use core::{error::Error, fmt};

use crate::breaker::{settings::BreakerSettings, snapshot::Snapshot};

/// What a shadow would have done with the calls that the live breaker admitted, since it
/// was [set](crate::CircuitBreaker::set_shadow). The numbers are read one after another,
/// not at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShadowReading {
    /// The settings of the shadow.
    pub settings: BreakerSettings,
    /// What the shadow's word says. No probe of a shadow is ever in flight.
    pub snapshot: Snapshot,
    /// The number of calls that succeeded, and that the shadow would have refused: what
    /// its settings would have cost.
    pub lost: u64,
    /// The number of calls that failed or were slow, and that the shadow would have
    /// refused: what its settings would have saved.
    pub saved: u64,
    /// The number of calls that failed or were slow, and that the shadow would have
    /// admitted, as the live breaker did.
    pub passed: u64,
    /// The number of calls that the live breaker turned away. Nobody knows how they would
    /// have ended, so the shadow does not see them: had it admitted all of them, up to so
    /// many more would have succeeded, or else failed.
    pub unknown: u64,
    /// The number of times that the shadow opened, modulo 2^24.
    pub openings: u32,
}

/// Settings that no shadow of this breaker can have.
///
/// A shadow refuses calls and admits them. It neither lets them back by a ramp nor sheds
/// load, as no call is ever refused by it. So its `ramp_up`, `ramp_from` and `max_shed`
/// must be the live ones: take [`settings`](crate::CircuitBreaker::settings) and change
/// the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShadowRefused;

impl fmt::Display for ShadowRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a shadow neither ramps nor sheds: its `ramp_up`, `ramp_from` and `max_shed` must be \
             those of the live breaker",
        )
    }
}

impl Error for ShadowRefused {}
