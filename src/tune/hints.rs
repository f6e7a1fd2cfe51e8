//! What the breaker itself has learned, as a tuner asks for it.

use core::time::Duration;

use crate::breaker::reading::Reading;

/// What the breaker itself has learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Hints {
    /// The usual latency that nearly all calls keep to.
    pub(super) baseline: Option<Duration>,
    /// The usual length of an outage.
    pub(super) outage: Option<Duration>,
    /// The share of openings whose first probe succeeds, in percent.
    pub(super) first_probe: Option<u8>,
    /// The usual share of failed calls, in millionths.
    pub(super) failures_ppm: Option<u32>,
    /// How many calls an open breaker has turned away since it was made.
    pub(super) turned_away: u64,
    /// How often it has opened.
    pub(super) openings: u64,
    /// Whether somebody has frozen what is learned.
    pub(super) frozen: bool,
}

impl Hints {
    pub(super) const NONE: Self = Self {
        baseline: None,
        outage: None,
        first_probe: None,
        failures_ppm: None,
        turned_away: 0,
        openings: 0,
        frozen: false,
    };

    pub(super) fn of(reading: &Reading) -> Self {
        let (learned, counters) = (&reading.learned, &reading.counters);
        Self {
            baseline: learned.baseline,
            outage: learned.outage,
            first_probe: learned.first_probe,
            failures_ppm: learned.failures_ppm,
            turned_away: counters.rejections.wrapping_sub(counters.shed),
            openings: counters.openings,
            frozen: learned.frozen,
        }
    }
}
