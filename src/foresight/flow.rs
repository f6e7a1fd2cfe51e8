//! How often calls end, and the host's pressure, in one word: the rule, without atomics.
//!
//! | bits | field |
//! |---|---|
//! | 63..62 | the level of the host's pressure |
//! | 61..46 | when that was said, in 64 ms |
//! | 45..30 | the mean gap between ticks at which calls end, in 1/16 ms |
//! | 29..0 | the last tick at which a call ended |
//!
//! The word is written at most once in a tick, however many calls end. Where gaps are
//! exponential, a silence of `t` has the probability `exp(-t / gap)`; phi is how many
//! orders of magnitude that is, `0.434 t / gap` (Hayashibara and others, "The phi accrual
//! failure detector", 2004).

use super::{InFlight, MOST, PRESSURE, SLOW};
use crate::{machine, time::Tick};

/// How often calls end, and the host's pressure. 0 is "not known", and "calm".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flow(u64);

const LEVEL: u32 = 62;
const SAID: u32 = 46;
const SAID_MASK: u64 = 0xFFFF;
/// The milliseconds of a step of that.
const STEP: u64 = 64;
const GAP: u32 = 30;
const GAP_MASK: u64 = 0xFFFF;
const LAST_MASK: u64 = (1 << GAP) - 1;

/// A longer gap, in milliseconds, is no gap of a busy service.
const LONGEST: u64 = 4_000;
/// Each gap is an eighth of the mean, which begins with the first one.
const WEIGHT: u64 = 8;
/// So many calls in flight at least, or silence means nothing.
const FEW: u64 = 3;
/// For so long the host's pressure holds, in milliseconds.
const HOLDS: u64 = 5_000;

impl machine::Word for Flow {
    crate::machine::bits!();
}

impl Flow {
    /// The milliseconds since a call ended.
    const fn since(self, now: Tick) -> u64 {
        now.as_millis().wrapping_sub(self.0) & LAST_MASK
    }

    /// The mean gap in 1/16 ms; 0 where it is not known.
    const fn gap(self) -> u64 {
        self.0 >> GAP & GAP_MASK
    }

    /// A call has ended. In the tick of another one nothing changes.
    pub(crate) const fn ended(self, now: Tick) -> Self {
        let (since, last) = (self.since(now), now.as_millis() & LAST_MASK);
        if since == 0 && self.0 & LAST_MASK != 0 {
            return self;
        }
        let mut gap = self.gap();
        if since <= LONGEST && self.0 & LAST_MASK != 0 {
            let new = since * 16;
            gap = if gap == 0 { new } else { (gap * (WEIGHT - 1) + new) / WEIGHT };
        }
        let gap = if gap < GAP_MASK { gap } else { GAP_MASK };
        Self(self.0 & !(GAP_MASK << GAP | LAST_MASK) | gap << GAP | last)
    }

    /// The points that the calls in flight give now, and whether that is as none ends.
    pub(crate) fn points(self, flight: InFlight, now: Tick) -> (u64, bool) {
        let hung = (flight.overdue * SLOW).min(MOST);
        // None has ended for so long, though one should have.
        let silence = self.since(now).min(flight.longest_ms);
        let silent = if flight.calls < FEW || self.gap() == 0 {
            0
        } else {
            // 15 phi, of 1/16 ms: 15 x 0.434 x 16.
            (silence.min(LAST_MASK) * 104 / self.gap()).min(MOST)
        };
        (hung.max(silent), silent > hung)
    }

    /// The host's pressure, now.
    pub(crate) const fn pressed(self, level: u64, now: Tick) -> Self {
        let said = (now.as_millis() / STEP) & SAID_MASK;
        Self(self.0 & ((1 << SAID) - 1) | said << SAID | (level & 3) << LEVEL)
    }

    /// The points of the host's pressure, for as long as it holds.
    pub(crate) const fn pressure(self, now: Tick) -> u64 {
        let since = (now.as_millis() / STEP).wrapping_sub(self.0 >> SAID) & SAID_MASK;
        // Another thread may have read the clock later.
        if since <= HOLDS / STEP || since == SAID_MASK {
            PRESSURE[(self.0 >> LEVEL) as usize]
        } else {
            0
        }
    }

    /// The same as if it were so as of now.
    pub(crate) const fn restamped(self, now: Tick) -> Self {
        if self.0 & LAST_MASK == 0 {
            self
        } else {
            Self(self.0 & !LAST_MASK | now.as_millis() & LAST_MASK)
        }
    }
}

#[cfg(all(test, not(fusebox_loom)))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: u64) -> Tick {
        Tick::from_millis(millis)
    }

    #[test]
    fn a_silence_counts_in_orders_of_magnitude() {
        let mut flow = Flow(0);
        for call in 1..=100 {
            flow = flow.ended(at(call * 10));
        }
        assert_eq!(flow.gap(), 160);
        let flight = |longest_ms| InFlight { calls: 3, overdue: 0, longest_ms };
        // 8 orders of magnitude are 184 ms.
        assert_eq!(flow.points(flight(1_000), at(1_184)), (119, true));
        assert_eq!(flow.points(flight(1_000), at(1_186)), (120, true));
        assert_eq!(flow.points(flight(50), at(1_184)), (32, true), "no call should have ended");
        assert_eq!(flow.points(InFlight { calls: 2, ..flight(1_000) }, at(1_184)).0, 0);
        assert_eq!(Flow(0).points(flight(1_000), at(5_000)).0, 0, "nobody knows the gap");
        let hung = InFlight { overdue: 5, ..flight(1) };
        assert_eq!(flow.points(hung, at(1_184)), (120, false));
    }

    #[test]
    fn it_is_written_once_in_a_tick() {
        let flow = Flow(0).ended(at(5)).ended(at(9));
        assert_eq!(flow, flow.ended(at(9)));
        assert_ne!(flow, flow.ended(at(10)));
        // A night without calls is no gap.
        assert_eq!(flow.ended(at(50_000_000)).gap(), flow.gap());
    }

    #[test]
    fn pressure_ends_by_itself() {
        let flow = Flow(0).ended(at(9)).pressed(2, at(100_000));
        assert_eq!(flow.pressure(at(100_000)), 30);
        assert_eq!(flow.pressure(at(104_900)), 30);
        assert_eq!(flow.pressure(at(105_200)), 0);
        assert_eq!(flow.ended(at(100_001)).pressure(at(100_001)), 30);
    }

    proptest! {
        #[test]
        fn any_bits_are_harmless(bits: u64, now: u64, calls in 0..100_u64, longest_ms: u64) {
            let flow = Flow(bits);
            let flight = InFlight { calls, overdue: calls, longest_ms };
            prop_assert!(flow.points(flight, at(now)).0 <= MOST);
            prop_assert!(flow.pressure(at(now)) <= 60);
            prop_assert!(flow.pressure(at(now.wrapping_add(10_000)))
                == 0 || flow.pressure(at(now)) == 0);
            let _ = flow.ended(at(now)).restamped(at(now)).pressed(longest_ms, at(now));
        }
    }
}
