//! A breaker that a retry heeds: while it foresees trouble, no further attempt is made.

use core::fmt;

use crate::{breaker::CircuitBreaker, time::Clock};

/// A breaker, on whatever clock, with whatever observer.
pub(crate) trait Foresees: fmt::Debug + Sync {
    /// Whether trouble is foreseen for which retries end.
    fn foresees_trouble(&self) -> bool;
}

impl<C: Clock + Sync, O: Sync> Foresees for CircuitBreaker<C, O> {
    fn foresees_trouble(&self) -> bool {
        self.foresees_trouble()
    }
}
