//! fusebox's adaptive limit: the product's own code on a manual clock.

use fusebox::{AdaptiveConfig, AdaptiveLimit, DefaultObserver, Ticket};

use super::{Ended, Limiter, Micros};

/// fusebox's adaptive limit, with its defaults.
#[derive(Debug)]
pub struct Ours<'c>(AdaptiveLimit<&'c Micros, DefaultObserver>);

impl<'c> Ours<'c> {
    /// On this clock.
    #[must_use]
    pub fn new(clock: &'c Micros) -> Self {
        Self(AdaptiveLimit::with(None, AdaptiveConfig::new().build(), clock, DefaultObserver))
    }
}

impl<'c> Limiter for Ours<'c> {
    type Held<'a>
        = Ticket<'a, &'c Micros, DefaultObserver>
    where
        Self: 'a;

    fn admit(&self) -> Option<Self::Held<'_>> {
        self.0.try_acquire().ok()
    }

    fn end<'a>(&'a self, held: Self::Held<'a>, _: Ended) {
        held.success();
    }

    fn limit(&self) -> f64 {
        self.0.limit().map_or(f64::INFINITY, f64::from)
    }
}
