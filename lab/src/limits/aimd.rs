//! Netflix's AIMD (Netflix/concurrency-limits, `AIMDLimit.java`): one more after each call
//! while at least half of the limit is used, a tenth less after one that was dropped or
//! took longer than 5 s.

use std::cell::Cell;

use super::{Bounds, Ended, Limiter};

const TIMEOUT: u64 = 5_000_000;
const BACKOFF: f64 = 0.9;

/// Netflix's AIMD.
#[derive(Debug)]
pub struct Aimd {
    bounds: Bounds,
    limit: Cell<f64>,
    in_flight: Cell<u32>,
}

impl Aimd {
    /// With these bounds; its own are 20, from 20 to 200.
    #[must_use]
    pub const fn new(bounds: Bounds) -> Self {
        Self { bounds, limit: Cell::new(bounds.initial), in_flight: Cell::new(0) }
    }
}

impl Limiter for Aimd {
    type Held<'a> = ();

    fn admit(&self) -> Option<()> {
        let in_flight = self.in_flight.get();
        (f64::from(in_flight) < self.limit.get()).then(|| self.in_flight.set(in_flight + 1))
    }

    fn end(&self, (): (), ended: Ended) {
        let (limit, in_flight) = (self.limit.get(), self.in_flight.get());
        let next = if ended.micros > TIMEOUT {
            (limit * BACKOFF).floor()
        } else if f64::from(in_flight) * 2.0 >= limit {
            limit + 1.0
        } else {
            limit
        };
        self.limit.set(self.bounds.clamp(next));
        self.in_flight.set(in_flight - 1);
    }

    fn limit(&self) -> f64 {
        self.limit.get()
    }
}
