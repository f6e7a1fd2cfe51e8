//! Why a setting is to change, in words.

use core::{fmt, time::Duration};

/// Why a setting is to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Another wait had cost less in the outages that are known.
    Outages {
        /// How many are known.
        outages: u32,
        /// Their median length.
        typical: Duration,
        /// In how many of them the first probe succeeded.
        first_probes: u32,
        /// The calls that would have been made meanwhile, of each thousand seconds.
        calls_per_1000_s: u64,
    },
    /// Another wait had cost less in outages as the breaker itself has learned them.
    Learned {
        /// The usual length of an outage, up to the closing.
        outage: Duration,
        /// The share of openings whose first probe succeeds, in percent.
        first_probe: u8,
        /// The calls that would have been made meanwhile, of each thousand seconds.
        calls_per_1000_s: u64,
    },
    /// The breaker opened by mistake.
    FalseAlarms {
        /// How often, of the openings that are known.
        alarms: u32,
        /// How many are known.
        outages: u32,
        /// The share of calls that failed meanwhile, in millionths.
        failed_ppm: u32,
    },
    /// Most outages were over before the shortest wait that is allowed.
    Short {
        /// In how many of them the first probe succeeded.
        first_probes: u32,
        /// How many are known.
        outages: u32,
        /// The calls that one of them turned away, by the median.
        turned_away: u64,
    },
    /// The rule opens by mistake more often than is wanted, at the usual share of failures.
    Usual {
        /// The usual share of calls that fail, in millionths.
        failed_ppm: u32,
        /// In how many calls it may happen once.
        every: u32,
    },
    /// The rule opens by mistake much more seldom than is wanted.
    Calm {
        /// How many outages are known, none of them a mistake.
        outages: u32,
        /// The usual share of calls that fail, in millionths.
        failed_ppm: u32,
    },
    /// The breaker closed, and opened again soon.
    Relapses {
        /// How often.
        relapses: u32,
        /// How many outages are known.
        outages: u32,
    },
    /// The breaker no longer closes too early.
    NoRelapse {
        /// How many outages are known.
        outages: u32,
    },
    /// The latency that was learned.
    Latency {
        /// What nearly all calls keep to.
        usual: Duration,
    },
    /// The setting is out of bounds that were made narrower.
    Bounds,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Outages { outages, typical, first_probes, calls_per_1000_s } => {
                let (last, plural) = of(outages);
                write!(
                    f,
                    "the last {last}outage{plural} lasted {}, the first probe found it up in \
                     {first_probes} of {outages}, and {} calls a second were turned away",
                    Short(typical),
                    Thousandths(calls_per_1000_s),
                )
            }
            Self::Learned { outage, first_probe, calls_per_1000_s } => write!(
                f,
                "the breaker has learned that it closes {} after it opened, that the first probe \
                 succeeds in {first_probe} % of openings, and {} calls a second were turned away",
                Short(outage),
                Thousandths(calls_per_1000_s),
            ),
            Self::FalseAlarms { alarms, outages, failed_ppm } => write!(
                f,
                "{alarms} of the last {outages} openings were mistakes: {} of the calls before \
                 them failed, and the first probe succeeded",
                Share(failed_ppm)
            ),
            Self::Short { first_probes, outages, turned_away } => write!(
                f,
                "the first probe found the service up in {first_probes} of the last {outages} \
                 outages, which turned some {turned_away} calls away each, and the wait cannot be \
                 shorter"
            ),
            Self::Usual { failed_ppm, every } => write!(
                f,
                "{} of the calls fail on any day, and the breaker is to open by mistake once in \
                 {every} calls at most",
                Share(failed_ppm)
            ),
            Self::Calm { outages, failed_ppm } => write!(
                f,
                "none of the last {outages} openings was a mistake, and {} of the calls fail on \
                 any day: fewer failures tell an outage",
                Share(failed_ppm)
            ),
            Self::Relapses { relapses, outages } => write!(
                f,
                "{relapses} of the last {outages} openings came soon after the breaker had closed"
            ),
            Self::NoRelapse { outages } => {
                write!(f, "none of the last {outages} openings came soon after the breaker closed")
            }
            Self::Latency { usual } => {
                write!(f, "nearly all calls take less than {}", Short(usual))
            }
            Self::Bounds => f.write_str("it is out of the bounds of the configured value"),
        }
    }
}

/// How a sentence goes on after "the last".
const fn of(number: u32) -> (Number, &'static str) {
    if number == 1 { (Number(None), "") } else { (Number(Some(number)), "s") }
}

struct Number(Option<u32>);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |number| write!(f, "{number} "))
    }
}

/// A time with one digit after the point, where it is short.
pub(super) struct Short(pub(super) Duration);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        match millis {
            0..1_000 => write!(f, "{millis} ms"),
            1_000..10_000 => write!(f, "{:.1} s", self.0.as_secs_f64()),
            _ => write!(f, "{:.0} s", self.0.as_secs_f64()),
        }
    }
}

/// A share in percent.
pub(super) struct Share(pub(super) u32);

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = f64::from(self.0) / 10_000.0;
        if self.0 < 10_000 { write!(f, "{percent:.2} %") } else { write!(f, "{percent:.0} %") }
    }
}

struct Thousandths(u64);

impl fmt::Display for Thousandths {
    #[allow(clippy::cast_precision_loss)] // shown with two digits
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.0 as f64 / 1_000.0;
        if self.0 < 10_000 { write!(f, "{number:.1}") } else { write!(f, "{number:.0}") }
    }
}
