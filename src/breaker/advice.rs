//! What others say of a service, in one word: the rule, without atomics.

use core::time::Duration;

use crate::{machine, time::Tick};

/// What others say of the service behind a breaker: the other instances of a fleet, say.
/// It ends by itself.
///
/// Whoever gathers it gives it to a breaker by
/// [`advise`](crate::CircuitBreaker::advise). The breaker's own calls stay the
/// authority: advice opens nothing by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advice {
    /// The breaker's next failure opens it, whatever its score.
    pub primed: bool,
    /// Somebody else probes: an open breaker admits no probe for as long as this lasts.
    pub probed_elsewhere: bool,
    /// The number of instances that have evidence against the service; above 1023 it is
    /// that.
    pub instances: u16,
    /// How many failures they have seen together; above 4095 it is that.
    pub failures: u16,
    /// How long it lasts from now on, in whole milliseconds.
    pub lasts: Duration,
}

/// An advice with the moment at which it ends: two flags, 10 bits of instances, 12 of
/// failures, 40 of a tick. 0 is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Advised(u64);

const PRIMED: u64 = 1 << 63;
const ELSEWHERE: u64 = 1 << 62;
const INSTANCES: u32 = 52;
const INSTANCES_MAX: u64 = (1 << 10) - 1;
const FAILURES: u32 = 40;
const FAILURES_MAX: u64 = (1 << 12) - 1;

impl machine::Word for Advised {
    crate::machine::bits!();

    #[cfg(fusebox_loom)]
    fn is_torn(self, next: Self) -> bool {
        next == Self::NONE && crate::sync::planted!(AdviceClearedByStore)
    }
}

impl Advised {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) fn new(advice: Advice, now: Tick) -> Self {
        let flags = if advice.primed { PRIMED } else { 0 }
            | if advice.probed_elsewhere { ELSEWHERE } else { 0 };
        if flags == 0 {
            return Self::NONE;
        }
        let instances = u64::from(advice.instances).min(INSTANCES_MAX);
        let failures = u64::from(advice.failures).min(FAILURES_MAX);
        let lasts = u64::try_from(advice.lasts.as_millis()).unwrap_or(LONGEST).min(LONGEST);
        let end = now.as_millis().wrapping_add(lasts) & Tick::MASK;
        Self(flags | instances << INSTANCES | failures << FAILURES | end)
    }

    pub(crate) const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// The milliseconds that are left; `None` where it has ended, or was given by a clock
    /// that is not this one.
    pub(crate) fn left_ms(self, now: Tick) -> Option<u64> {
        let left = (self.0 & Tick::MASK).wrapping_sub(now.as_millis()) & Tick::MASK;
        (!self.is_none() && (1..=LONGEST).contains(&left)).then_some(left)
    }

    /// The milliseconds for which the next failure opens.
    pub(crate) fn primed_ms(self, now: Tick) -> Option<u64> {
        self.left_ms(now).filter(|_| self.0 & PRIMED != 0)
    }

    /// The milliseconds for which somebody else probes.
    pub(crate) fn elsewhere_ms(self, now: Tick) -> Option<u64> {
        self.left_ms(now).filter(|_| self.0 & ELSEWHERE != 0)
    }

    #[allow(clippy::cast_possible_truncation)] // 10 and 12 bits
    pub(crate) fn get(self, now: Tick) -> Option<Advice> {
        let left = self.left_ms(now)?;
        Some(Advice {
            primed: self.0 & PRIMED != 0,
            probed_elsewhere: self.0 & ELSEWHERE != 0,
            instances: (self.0 >> INSTANCES & INSTANCES_MAX) as u16,
            failures: (self.0 >> FAILURES & FAILURES_MAX) as u16,
            lasts: Duration::from_millis(left),
        })
    }
}

/// No advice lasts longer: an hour, in milliseconds.
const LONGEST: u64 = 3_600_000;

#[cfg(all(test, not(fusebox_loom)))]
mod tests {
    use super::*;

    const ADVICE: Advice = Advice {
        primed: true,
        probed_elsewhere: false,
        instances: 30,
        failures: 55,
        lasts: Duration::from_secs(3),
    };

    fn at(millis: u64) -> Tick {
        Tick::from_millis(millis)
    }

    #[test]
    fn it_is_read_as_it_was_given_and_ends() {
        for now in [0, 1, 500, Tick::MASK - 1_000, Tick::MASK] {
            let advised = Advised::new(ADVICE, at(now));
            assert_eq!(advised.get(at(now)), Some(ADVICE));
            let later = advised.get(at(now.wrapping_add(2_999))).unwrap();
            assert_eq!(later.lasts, Duration::from_millis(1));
            assert_eq!(advised.get(at(now.wrapping_add(3_000))), None);
            // A clock that stepped back far gives no advice of another day.
            assert_eq!(advised.get(at(now.wrapping_sub(LONGEST))), None);
        }
        let elsewhere = Advice { primed: false, probed_elsewhere: true, ..ADVICE };
        let advised = Advised::new(elsewhere, at(7));
        assert_eq!((advised.primed_ms(at(7)), advised.elsewhere_ms(at(7))), (None, Some(3_000)));
        assert!(Advised::new(Advice { primed: false, ..ADVICE }, at(7)).is_none());
        let large = Advice { instances: u16::MAX, failures: u16::MAX, ..ADVICE };
        let large = Advised::new(large, at(0)).get(at(0)).unwrap();
        assert_eq!((large.instances, large.failures), (1_023, 4_095));
        let long = Advised::new(Advice { lasts: Duration::MAX, ..ADVICE }, at(0));
        assert_eq!(long.get(at(0)).unwrap().lasts, Duration::from_hours(1));
    }
}
