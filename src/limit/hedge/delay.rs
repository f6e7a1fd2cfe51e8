//! When a hedge starts.

use core::time::Duration;

use crate::limit::hedge::quantile::LatencyQuantile;

/// When a hedge starts: after a fixed `Duration`, or after a `&LatencyQuantile`.
/// Implemented for these two, and for no others.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no delay of a hedge",
    note = "give a `Duration`, or a reference to a `LatencyQuantile`"
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
