//! Controlled delay as Meta's servers have it (B. Maurer, "Fail at Scale", ACM Queue 13(8),
//! 2015; folly's `executors/Codel`): where even the shortest wait of an interval of 100 ms
//! was above 5 ms, calls that have waited for more than twice that are dropped in the next
//! interval, when a worker takes them. It knows no priority.

use super::{Call, Guard};

const INTERVAL: u64 = 100_000;
const TARGET: u64 = 5_000;

/// Controlled delay.
#[derive(Debug, Default)]
pub struct Codel {
    until: u64,
    /// The shortest wait of the interval; none before its first call.
    least: Option<u64>,
    overloaded: bool,
}

impl Guard for Codel {
    fn comes(&mut self, _: u64, _: Call) -> bool {
        true
    }

    fn begins(&mut self, now: u64, _: Call, waited: u64) -> bool {
        if now > self.until {
            self.until = now + INTERVAL;
            self.overloaded = self.least.is_some_and(|least| least > TARGET);
            // The first call of an interval is never dropped.
            self.least = Some(waited);
            return true;
        }
        self.least = Some(self.least.map_or(waited, |least| least.min(waited)));
        !(self.overloaded && waited > 2 * TARGET)
    }
}
