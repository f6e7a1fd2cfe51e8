//! What calls foretell, in one word: the rule, without atomics.
//!
//! | bits | field |
//! |---|---|
//! | 63 | there is an alarm |
//! | 62..55 | the sum of slow calls, in points |
//! | 54..47 | what the calls in flight give, in points |
//! | 46 | that is because none ends |
//! | 45 | a failure brought the alarm about, and is not to open for it |
//! | 44..40 | zeros |
//! | 39..0 | the tick at which it was so |
//!
//! Without news it fades: all points halve in each second. So whatever bits are there, an
//! alarm ends within seconds, and where nothing is foreseen the word is 0.

use super::{ALARM, ENDS, MOST, OVERLOAD, SLOW};
use crate::{machine, time::Tick};

/// What calls foretell. 0 is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Omen(u64);

const ALARMED: u64 = 1 << 63;
const SUM: u32 = 55;
const FLIGHT: u32 = 47;
const POINTS: u64 = 0xFF;
const SILENT: u64 = 1 << 46;
const SPARES: u64 = 1 << 45;

/// So many milliseconds without news halve all points.
const HALVES: u64 = 1_024;
/// A stamp that lies ahead by less than this, in milliseconds, is another thread's, which
/// read the clock later.
const AHEAD: i64 = 1_000;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ended {
    /// Whether it outlasted what is usual.
    pub(crate) slow: bool,
    /// Whether it was too many for the service.
    pub(crate) overload: bool,
}

impl machine::Word for Omen {
    crate::machine::bits!();

    #[cfg(fusebox_loom)]
    fn is_torn(self, next: Self) -> bool {
        crate::sync::planted!(ForeseenByStore) && next != Self::NONE
    }
}

impl Omen {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Whether an alarm has begun, over or not by now.
    #[inline]
    pub(crate) const fn has_alarm(self) -> bool {
        self.0 & ALARMED != 0
    }

    /// By how many bits the points have faded.
    const fn faded(self, now: Tick) -> u64 {
        let elapsed = now.signed_since(Tick::from_millis(self.0 & Tick::MASK));
        if elapsed < -AHEAD {
            return u64::BITS as u64 - 1; // of another day: nothing is left
        }
        let halvings = if elapsed < 0 { 0 } else { elapsed.unsigned_abs() / HALVES };
        if halvings < 8 { halvings } else { 8 }
    }

    /// The sum of slow calls that is left now, in points.
    pub(crate) const fn sum(self, now: Tick) -> u64 {
        least(self.0 >> SUM & POINTS) >> self.faded(now)
    }

    /// What is left now of what the calls in flight gave, in points.
    pub(crate) const fn flight(self, now: Tick) -> u64 {
        least(self.0 >> FLIGHT & POINTS) >> self.faded(now)
    }

    /// Whether that is as none ends.
    pub(crate) const fn is_silent(self) -> bool {
        self.0 & SILENT != 0
    }

    /// All points, with those of other signs.
    pub(crate) const fn points(self, now: Tick, others: u64) -> u64 {
        self.sum(now) + self.flight(now) + others
    }

    /// Whether an alarm has begun, and is not over, where other signs give so many points.
    pub(crate) const fn is_alarm(self, now: Tick, others: u64) -> bool {
        self.has_alarm() && self.points(now, others) >= ENDS
    }

    const fn with(self, sum: u64, flight: u64, silent: bool, now: Tick) -> Self {
        let silent = if silent && flight > 0 { SILENT } else { 0 };
        Self(
            self.0 & (ALARMED | SPARES)
                | least(sum) << SUM
                | least(flight) << FLIGHT
                | silent
                | now.as_millis() & Tick::MASK,
        )
    }

    /// A call has ended.
    pub(crate) const fn after(self, ended: Ended, now: Tick) -> Self {
        if self.is_none() && !ended.slow && !ended.overload {
            return self;
        }
        let points = if ended.slow { SLOW } else { 0 } + if ended.overload { OVERLOAD } else { 0 };
        let sum = self.sum(now);
        let sum = if points == 0 { sum.saturating_sub(1) } else { sum + points };
        // It is none of those in flight any more.
        let flight = match (self.is_silent(), ended.slow) {
            (true, _) => 0,
            (false, true) => self.flight(now).saturating_sub(SLOW),
            (false, false) => self.flight(now),
        };
        self.with(sum, flight, false, now)
    }

    /// The calls in flight were looked at. They give so many points.
    pub(crate) const fn seen(self, flight: u64, silent: bool, now: Tick) -> Self {
        if flight == 0 && self.flight(now) == 0 {
            return self;
        }
        self.with(self.sum(now), flight, silent, now)
    }

    /// Whether there is an alarm, where other signs give so many points.
    pub(crate) const fn judged(self, others: u64, now: Tick) -> Self {
        let points = self.points(now, others);
        if points >= ALARM || self.has_alarm() && points >= ENDS {
            if self.has_alarm() {
                return self;
            }
            Self(self.with(self.sum(now), self.flight(now), self.is_silent(), now).0 | ALARMED)
        } else if points == others {
            Self::NONE // nothing is left of its own
        } else {
            Self(self.0 & !(ALARMED | SPARES))
        }
    }

    /// The failure that made this of `before` is not to open, if it brought the alarm about.
    pub(crate) const fn sparing(self, before: Self) -> Self {
        if self.has_alarm() && !before.has_alarm() { Self(self.0 | SPARES) } else { self }
    }

    /// A failure asks whether it is the one that is spared; the next one is not.
    pub(crate) const fn asked(self) -> (Self, bool) {
        (Self(self.0 & !SPARES), self.has_alarm() && self.0 & SPARES != 0)
    }

    /// As if it were so as of now.
    pub(crate) const fn restamped(self, now: Tick) -> Self {
        if self.is_none() {
            self
        } else {
            Self(self.0 & !Tick::MASK | now.as_millis() & Tick::MASK)
        }
    }
}

/// So many points, or the most that one sign gives.
const fn least(points: u64) -> u64 {
    if points < MOST { points } else { MOST }
}

#[cfg(all(test, not(fusebox_loom)))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SLOWLY: Ended = Ended { slow: true, overload: false };
    const FINE: Ended = Ended { slow: false, overload: false };

    fn at(millis: u64) -> Tick {
        Tick::from_millis(millis)
    }

    #[test]
    fn five_slow_calls_in_a_row_are_an_alarm_that_ends_by_fine_ones() {
        let mut omen = Omen::NONE;
        for call in 1..=5 {
            omen = omen.after(SLOWLY, at(10)).judged(0, at(10));
            assert_eq!(omen.has_alarm(), call == 5);
        }
        for call in 1..=120 {
            omen = omen.after(FINE, at(20)).judged(0, at(20));
            assert_eq!(omen.has_alarm(), call <= 60, "after {call}");
        }
        assert!(omen.is_none());
        assert!(omen.after(FINE, at(30)).judged(0, at(30)).is_none());
    }

    #[test]
    fn it_fades_within_seconds() {
        let mut omen = Omen::NONE;
        for _ in 0..10 {
            omen = omen.after(SLOWLY, at(0)).judged(0, at(0));
        }
        assert_eq!(omen.points(at(0), 0), MOST);
        assert!(omen.is_alarm(at(2_000), 0) && omen.is_alarm(at(3_000), 0));
        assert!(!omen.is_alarm(at(3_100), 0));
        assert!(omen.is_alarm(at(3_100), ALARM), "others still say so");
        assert!(omen.judged(0, at(9_000)).is_none());
    }

    #[test]
    fn a_call_that_ends_is_none_of_those_in_flight() {
        let hung = Omen::NONE.seen(3 * SLOW, false, at(5));
        assert_eq!(hung.after(SLOWLY, at(6)).points(at(6), 0), 3 * SLOW);
        let silent = Omen::NONE.seen(100, true, at(5));
        assert!(silent.is_silent() && silent.after(FINE, at(6)).judged(0, at(6)).is_none());
    }

    proptest! {
        #[test]
        fn any_bits_end_within_seconds(bits: u64, now: u64, others in 0..ENDS, fine in 0..50_u64) {
            let omen = Omen(bits);
            prop_assert!(omen.points(at(now), 0) <= 2 * MOST);
            let mut later = omen;
            for call in 0..fine {
                later = later.after(FINE, at(now.wrapping_add(call))).judged(others, at(now));
            }
            // A stamp may lie ahead a little.
            let end = at(now.wrapping_add(fine + 10_000));
            prop_assert!(!later.is_alarm(end, others));
            prop_assert!(later.judged(0, end).is_none());
        }

        /// Against a sum that is kept in the open.
        #[test]
        fn it_is_pages_sum(calls in prop::collection::vec(0..30_u8, 0..300)) {
            let (mut omen, mut sum, mut alarm) = (Omen::NONE, 0_i64, false);
            for (now, kind) in calls.into_iter().enumerate() {
                let now = at(now as u64);
                let ended = Ended { slow: kind < 3, overload: kind == 2 || kind == 4 };
                let points = match (ended.slow, ended.overload) {
                    (true, true) => 64,
                    (true, false) => 24,
                    (false, true) => 40,
                    (false, false) => -1,
                };
                sum = (sum + points).clamp(0, 240);
                alarm = sum >= 120 || alarm && sum >= 60;
                omen = omen.after(ended, now).judged(0, now);
                prop_assert_eq!(omen.sum(now), sum.unsigned_abs());
                prop_assert_eq!(omen.has_alarm(), alarm);
            }
        }
    }
}
