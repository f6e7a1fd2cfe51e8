//! Netflix's Gradient2 (Netflix/concurrency-limits, `Gradient2Limit.java`): once a window
//! of a second with 10 calls at least, the limit is multiplied by what the latency of
//! long (600 windows) is of the latency of the window, times 1.5, from a half to one, and
//! grows by 4. A fifth of the change is taken.

use std::cell::Cell;

use super::{Bounds, Ended, Limiter};

const WINDOW: u64 = 1_000_000;
const LEAST_CALLS: u32 = 10;
const TOLERANCE: f64 = 1.5;
const QUEUE: f64 = 4.0;
const SMOOTHING: f64 = 0.2;
const LONG: f64 = 600.0;
const WARM_UP: f64 = 10.0;

/// Netflix's Gradient2.
#[derive(Debug)]
pub struct Gradient2 {
    bounds: Bounds,
    limit: Cell<f64>,
    in_flight: Cell<u32>,
    /// When the window began, its calls, what they took, and the most in flight.
    window: Cell<(u64, u32, f64, u32)>,
    /// The long average, and how many windows are in it.
    long: Cell<(f64, f64)>,
}

impl Gradient2 {
    /// With these bounds; its own are 20, from 20 to 200.
    #[must_use]
    pub const fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            limit: Cell::new(bounds.initial),
            in_flight: Cell::new(0),
            window: Cell::new((0, 0, 0.0, 0)),
            long: Cell::new((0.0, 0.0)),
        }
    }

    fn next(&self, short: f64, most: u32) -> f64 {
        let (mut long, count) = self.long.get();
        long = if count < WARM_UP {
            (long * count + short) / (count + 1.0)
        } else {
            let factor = 2.0 / (LONG + 1.0);
            long * (1.0 - factor) + short * factor
        };
        if long / short > 2.0 {
            long *= 0.95;
        }
        self.long.set((long, count + 1.0));
        let limit = self.limit.get();
        if f64::from(most) < limit / 2.0 {
            return limit;
        }
        let gradient = (TOLERANCE * long / short).clamp(0.5, 1.0);
        let new = limit * gradient + QUEUE;
        limit * (1.0 - SMOOTHING) + new * SMOOTHING
    }
}

impl Limiter for Gradient2 {
    type Held<'a> = ();

    fn admit(&self) -> Option<()> {
        let in_flight = self.in_flight.get();
        (f64::from(in_flight) < self.limit.get().floor()).then(|| self.in_flight.set(in_flight + 1))
    }

    #[allow(clippy::cast_precision_loss)] // of microseconds
    fn end(&self, (): (), ended: Ended) {
        let in_flight = self.in_flight.get();
        let (since, calls, micros, most) = self.window.get();
        let (calls, micros) = (calls + 1, micros + ended.micros as f64);
        let most = most.max(in_flight);
        self.window.set((since, calls, micros, most));
        if ended.now - since >= WINDOW && calls >= LEAST_CALLS {
            self.limit.set(self.bounds.clamp(self.next(micros / f64::from(calls), most)));
            self.window.set((ended.now, 0, 0.0, 0));
        }
        self.in_flight.set(in_flight - 1);
    }

    fn limit(&self) -> f64 {
        self.limit.get().floor()
    }
}
