//! When a hedge starts.

use core::time::Duration;

use crate::{learn::tells::TellsLatency, limit::hedge::quantile::LatencyQuantile};

/// When a hedge starts: after a fixed `Duration`, after a `&LatencyQuantile`, or
/// [`AfterLearned`]. Implemented for these three, and for no others.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no delay of a hedge",
    note = "give a `Duration`, a reference to a `LatencyQuantile`, or an `AfterLearned`"
)]
pub trait HedgeDelay {
    /// The delay as of now.
    #[doc(hidden)]
    fn delay(&self) -> Duration;
    /// A call was done before it.
    #[doc(hidden)]
    fn answered(&self);
    /// A call outlasted it.
    #[doc(hidden)]
    fn outlasted(&self);
}

impl HedgeDelay for Duration {
    #[inline]
    fn delay(&self) -> Duration {
        *self
    }
    #[inline]
    fn answered(&self) {}
    #[inline]
    fn outlasted(&self) {}
}

impl HedgeDelay for &LatencyQuantile {
    #[inline]
    fn delay(&self) -> Duration {
        self.get()
    }
    #[inline]
    fn answered(&self) {
        LatencyQuantile::answered(self);
    }
    fn outlasted(&self) {
        LatencyQuantile::outlasted(self);
    }
}

/// The delay of a [`Hedge`](crate::Hedge) that a breaker's own calls teach: the time before
/// which 99 of 100 of them are done ([`Learned::latency`](crate::Learned::latency)).
///
/// The breaker `L` is a `&CircuitBreaker`, around the same calls. From the first call that
/// is not ready at its first poll, it times its calls to learn from them, as after
/// [`learn_latency`](crate::CircuitBreaker::learn_latency).
#[derive(Debug, Clone, Copy)]
pub struct AfterLearned<L> {
    breaker: L,
    until_known: Duration,
}

impl<L> AfterLearned<L> {
    /// Makes the delay. It is `until_known` until enough calls were seen.
    #[must_use]
    pub const fn new(breaker: L, until_known: Duration) -> Self {
        Self { breaker, until_known }
    }
}

impl<L: TellsLatency> HedgeDelay for AfterLearned<L> {
    #[inline]
    fn delay(&self) -> Duration {
        self.breaker.learned_latency().unwrap_or(self.until_known)
    }
    // The breaker learns from its calls itself.
    #[inline]
    fn answered(&self) {}
    #[inline]
    fn outlasted(&self) {}
}
