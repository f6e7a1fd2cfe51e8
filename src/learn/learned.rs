//! What a breaker has learned of its service, to be read.

use core::{fmt, time::Duration};

/// What a breaker has learned of its service. A part is `None` until enough was seen.
///
/// `Display` says it in words: "99 of 100 calls take less than 120ms, usually 100ms; an
/// outage lasts 18s".
///
/// ```
/// use fusebox::{BreakerConfig, CircuitBreaker, Learned};
///
/// let shop = CircuitBreaker::named("shop", BreakerConfig::new().slow_above(200).build());
/// assert_eq!(shop.learned(), Learned::default());
/// assert_eq!(shop.learned().to_string(), "nothing is learned yet");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Learned {
    /// The time before which 99 of 100 calls that succeed are done, lately. Known after
    /// 500 calls that were learned from.
    pub latency: Option<Duration>,
    /// What that time usually is. It follows `latency`, far more slowly. Known after 2,000
    /// calls that were learned from.
    pub baseline: Option<Duration>,
    /// The usual time from an opening to the closing by probes: a median. Known after
    /// three of them.
    pub outage: Option<Duration>,
    /// The share of openings whose first probe succeeds, in percent. Known after three
    /// openings that were probed.
    pub first_probe: Option<u8>,
    /// The usual share of calls that fail, in millionths, 100,000 at most. Known after
    /// 1,000 calls that were learned from.
    pub failures_ppm: Option<u32>,
    /// Whether somebody [froze](crate::CircuitBreaker::set_learning) it by hand.
    pub frozen: bool,
}

impl fmt::Display for Learned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut gap = "";
        if let Some(latency) = self.latency {
            write!(f, "99 of 100 calls take less than {:?}", rounded(latency))?;
            if let Some(baseline) = self.baseline {
                write!(f, ", usually {:?}", rounded(baseline))?;
            }
            gap = "; ";
        }
        if let Some(outage) = self.outage {
            write!(f, "{gap}an outage lasts {outage:?}")?;
            gap = "; ";
        }
        if let Some(percent) = self.first_probe {
            write!(f, "{gap}the first probe succeeds in {percent}% of openings")?;
            gap = "; ";
        }
        if let Some(ppm) = self.failures_ppm {
            let (percent, rest) = (ppm / 10_000, ppm % 10_000 / 100);
            write!(f, "{gap}{percent}.{rest:02}% of calls fail")?;
            gap = "; ";
        }
        if gap.is_empty() {
            f.write_str("nothing is learned yet")?;
            gap = "; ";
        }
        if self.frozen { write!(f, "{gap}frozen by hand") } else { Ok(()) }
    }
}

/// A time to three digits or so: no more of it is known.
fn rounded(time: Duration) -> Duration {
    let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let unit = 10_u64.pow(nanos.max(1).ilog10().saturating_sub(2));
    Duration::from_nanos(nanos / unit * unit)
}
