//! What is known of one outage.

use core::{fmt, time::Duration};

/// One time for which a breaker was not closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outage {
    /// What it seems to have been.
    pub kind: Kind,
    /// From the opening to the last probe that failed, zero where none did: for so long the
    /// service was down.
    pub down_until: Duration,
    /// From the opening to the probe that found the service up.
    pub up_at: Duration,
    /// How many probes failed.
    pub failed_probes: u32,
    /// How many calls the breaker turned away.
    pub turned_away: u64,
}

/// What an outage seems to have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The service was down.
    Down,
    /// The breaker had closed shortly before, and closed too early.
    Relapse,
    /// The breaker opened by mistake: so many calls had failed for some time, and the first
    /// probe succeeded. Of a million calls before it this many had failed.
    FalseAlarm {
        /// The share of failed calls, in millionths.
        failed_ppm: u32,
    },
}

impl Outage {
    /// How long the service was down, as far as that is known: half way between the last
    /// probe that failed and the one that succeeded. A false alarm had no length.
    #[must_use]
    pub fn length(&self) -> Duration {
        match self.kind {
            Kind::FalseAlarm { .. } => Duration::ZERO,
            _ => (self.down_until + self.up_at) / 2,
        }
    }
}

impl Outage {
    /// Makes an outage of what was known of it, as somebody has written it down.
    ///
    /// # Errors
    /// [`NoOutage`] where the parts do not belong together.
    pub fn new(
        kind: Kind,
        (down_until, up_at): (Duration, Duration),
        failed_probes: u32,
        turned_away: u64,
    ) -> Result<Self, NoOutage> {
        if down_until > up_at {
            return Err(NoOutage::Order);
        }
        if up_at > Self::LONGEST {
            return Err(NoOutage::Length);
        }
        if matches!(kind, Kind::FalseAlarm { failed_ppm } if failed_ppm > MILLION) {
            return Err(NoOutage::Share);
        }
        Ok(Self { kind, down_until, up_at, failed_probes, turned_away })
    }

    /// The longest that is remembered: what a tick can tell.
    const LONGEST: Duration = Duration::from_millis(1 << 39);
}

/// All of the calls, in millionths.
pub(super) const MILLION: u32 = 1_000_000;

/// What was written down is no outage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoOutage {
    /// The service was found up before the last probe had failed.
    Order,
    /// It lasted longer than any clock can tell.
    Length,
    /// More than all of the calls failed.
    Share,
    /// There are more than are remembered.
    TooMany,
}

impl fmt::Display for NoOutage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Order => "an outage cannot end before its last failed probe",
            Self::Length => "an outage cannot be longer than 17 years",
            Self::Share => "no more than a million of a million calls can fail",
            Self::TooMany => "no more than 16 outages are remembered",
        })
    }
}

impl core::error::Error for NoOutage {}
