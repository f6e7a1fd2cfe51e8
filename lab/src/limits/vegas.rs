//! Netflix's Vegas (Netflix/concurrency-limits, `VegasLimit.java`), after TCP Vegas: the
//! queue is estimated from the least latency seen, and kept between 3 and 6 times the
//! decimal logarithm of the limit. The least latency is forgotten after some 30 calls for
//! each place, half of them to all by chance.

use std::cell::{Cell, RefCell};

use super::{Bounds, Ended, Limiter};
use crate::random::Random;

const PROBE: f64 = 30.0;

/// Netflix's Vegas.
#[derive(Debug)]
pub struct Vegas {
    bounds: Bounds,
    limit: Cell<f64>,
    in_flight: Cell<u32>,
    least: Cell<f64>,
    calls: Cell<f64>,
    jitter: Cell<f64>,
    random: RefCell<Random>,
}

impl Vegas {
    /// With these bounds; its own are 20, from 1 to 1000.
    #[must_use]
    pub fn new(bounds: Bounds, seed: u64) -> Self {
        let mut random = Random::new(seed, 77);
        Self {
            bounds,
            limit: Cell::new(bounds.initial),
            in_flight: Cell::new(0),
            least: Cell::new(0.0),
            calls: Cell::new(0.0),
            jitter: Cell::new(0.5 + random.share() / 2.0),
            random: RefCell::new(random),
        }
    }

    #[allow(clippy::cast_precision_loss)] // of microseconds
    fn next(&self, micros: u64, in_flight: u32) -> f64 {
        let (limit, latency) = (self.limit.get(), micros as f64);
        self.calls.set(self.calls.get() + 1.0);
        if self.calls.get() >= self.jitter.get() * PROBE * limit {
            self.jitter.set(0.5 + self.random.borrow_mut().share() / 2.0);
            self.calls.set(0.0);
            self.least.set(latency);
            return limit;
        }
        let least = self.least.get();
        if least == 0.0 || latency < least {
            self.least.set(latency);
            return limit;
        }
        let log = libm::log10(limit).floor().max(1.0);
        let queue = (limit * (1.0 - least / latency)).ceil();
        if f64::from(in_flight) * 2.0 < limit {
            limit
        } else if queue <= log {
            limit + 6.0 * log
        } else if queue < 3.0 * log {
            limit + log
        } else if queue > 6.0 * log {
            limit - log
        } else {
            limit
        }
    }
}

impl Limiter for Vegas {
    type Held<'a> = ();

    fn admit(&self) -> Option<()> {
        let in_flight = self.in_flight.get();
        (f64::from(in_flight) < self.limit.get()).then(|| self.in_flight.set(in_flight + 1))
    }

    fn end(&self, (): (), ended: Ended) {
        let in_flight = self.in_flight.get();
        self.limit.set(self.bounds.clamp(self.next(ended.micros, in_flight)));
        self.in_flight.set(in_flight - 1);
    }

    fn limit(&self) -> f64 {
        self.limit.get()
    }
}
