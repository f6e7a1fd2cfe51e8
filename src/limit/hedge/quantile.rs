//! A quantile of latencies that is learned in one word.

use core::{fmt, time::Duration};

use crate::{
    learn::estimate::{Aim, Estimate, Level},
    limit::hedge::settings::QuantileSettings,
    machine::Machine,
    sync::const_fn,
};

/// A quantile of the latencies of calls, learned in one atomic word: no histogram, no
/// clock.
///
/// It is the delay of a [`Hedge`](crate::Hedge). Each call says only whether it outlasted the
/// estimate, and the estimate moves so that in the long run the share of calls that do is
/// the one that is aimed at, whatever the distribution of latencies. `tests/hedge.rs`
/// measures it: with uniform, log-normal and two-peaked latencies the share of calls that
/// outlast it is within a quarter of the aim; it follows a service that gets 100 times
/// slower within 50 calls, and one that gets 100 times faster within 2,500.
///
/// Before it has learned anything, it says the shortest time that its settings allow: its
/// first calls outlast that, and teach it. A budget bounds what that costs.
///
/// ```
/// use core::time::Duration;
/// use fusebox::{LatencyQuantile, QuantileConfig};
///
/// static P98: LatencyQuantile = LatencyQuantile::new(QuantileConfig::new().build());
///
/// assert_eq!(P98.get(), Duration::from_millis(1));
/// for latency in (0..5_000).map(|n| Duration::from_millis(if n % 100 < 99 { 5 } else { 90 })) {
///     P98.observe(latency);
/// }
/// assert!((5..10).contains(&P98.get().as_millis()), "{P98:?}");
/// ```
pub struct LatencyQuantile {
    estimate: Machine,
    aim: Aim,
}

impl LatencyQuantile {
    const_fn! {
        /// Makes a quantile that has learned nothing.
        #[must_use]
        pub fn new(settings: QuantileSettings) -> Self {
            Self { estimate: Machine::new(0), aim: settings.aim() }
        }
    }

    /// Returns the estimate, to a part in 2^26.
    #[must_use]
    #[inline]
    pub fn get(&self) -> Duration {
        let estimate: Estimate = self.estimate.load();
        Duration::from_nanos(estimate.level(self.aim).nanos())
    }

    /// Learns from a call that took so long. A hedge does so itself; this is for latencies
    /// from elsewhere.
    pub fn observe(&self, latency: Duration) {
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        let (level, aim) = (Level::of(nanos), self.aim);
        self.learn(|estimate| {
            if level > estimate.level(aim) {
                estimate.outlasted(aim)
            } else {
                estimate.answered(aim)
            }
        });
    }

    /// Forgets what was learned.
    pub fn reset(&self) {
        self.estimate.store(Estimate(0));
    }

    /// A call was done before the estimate.
    #[inline]
    pub(super) fn answered(&self) {
        self.learn(|estimate| estimate.answered(self.aim));
    }

    /// A call outlasted the estimate.
    pub(super) fn outlasted(&self) {
        self.learn(|estimate| estimate.outlasted(self.aim));
    }

    #[inline]
    fn learn(&self, rule: impl Fn(Estimate) -> Estimate) {
        self.estimate.step(self.estimate.load(), |estimate| (rule(estimate), ()));
    }
}

impl fmt::Debug for LatencyQuantile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LatencyQuantile").field("estimate", &self.get()).finish_non_exhaustive()
    }
}
