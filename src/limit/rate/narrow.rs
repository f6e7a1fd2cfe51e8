//! A rate limit made narrower for a while, as a service asks.

use core::time::Duration;

use crate::{
    limit::rate::{
        rate_limit::{RateLimit, Taken},
        settings::RateSettings,
        word::{Arrival, Said},
    },
    machine::{self, Step},
    observe::Observer,
    time::Clock,
};

/// What a service says of the calls that it will still take.
///
/// With the feature `http`, `fusebox::http::remaining` reads it from an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Remaining {
    /// How many calls the service takes.
    pub calls: u64,
    /// For how long. After that it takes more.
    pub within: Duration,
}

/// So many nanoseconds from call to call, in 24 bits: a number of 18 bits, and the power
/// of two above it that it is multiplied by. Below it, the tick at which that ends: 40
/// bits. All zeros: as the settings say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Narrow(u64);

const TICK: u32 = 40;
const NUMBER: u32 = 18;
/// 2^35 ms: a year.
const LONGEST_MS: u64 = 1 << 35;

impl Narrow {
    pub(super) const NOT: Self = Self(0);

    /// `spacing` is rounded up.
    fn new(spacing: u64, until_ms: u64) -> Self {
        let power = (u64::BITS - spacing.leading_zeros()).saturating_sub(NUMBER);
        // Rounded up it may need another bit.
        let power = power + u32::from(spacing.div_ceil(1 << power) >> NUMBER != 0);
        let spacing = spacing.div_ceil(1 << power) | u64::from(power) << NUMBER;
        Self(spacing << TICK | until_ms & ((1 << TICK) - 1))
    }

    const fn spacing(self) -> u64 {
        let spacing = self.0 >> TICK;
        (spacing & ((1 << NUMBER) - 1)) << (spacing >> NUMBER)
    }

    /// How long it still holds, in milliseconds.
    const fn left_ms(self, now_ms: u64) -> u64 {
        const UNUSED: u32 = u64::BITS - TICK;
        let left = (self.0.wrapping_sub(now_ms) << UNUSED).cast_signed() >> UNUSED;
        // A clock that stepped back may make it long, and not endless.
        if left > 0 && left.unsigned_abs() <= LONGEST_MS { left.unsigned_abs() } else { 0 }
    }
}

impl machine::Word for Narrow {
    crate::machine::bits!();
}

impl<C: Clock, O: Observer> RateLimit<C, O> {
    /// Makes the limit narrower, for as long as a service says.
    ///
    /// The calls that the service will still take are spread evenly over the time:
    /// one in each `within / calls`. Where the limit does not admit as many anyway,
    /// nothing changes. With no calls left, none is admitted before the time has passed.
    /// What a service says later replaces what it said before. Instances that share a
    /// service's quota and not this limit do not know of each other.
    ///
    /// A time is a year at most. It is kept in whole milliseconds, rounded up, and measured
    /// by the clock's [`elapsed`](Clock::elapsed): so it never ends early, however coarse the
    /// clock's [`now`](Clock::now) is. It may end by one step of `now` later.
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{DefaultObserver, ManualClock, RateConfig, RateLimit, Remaining};
    ///
    /// let clock = ManualClock::new();
    /// let settings = RateConfig::per_second(100).build();
    /// let quota = RateLimit::with(None, settings, &clock, DefaultObserver);
    ///
    /// // "Two more in the next 10 seconds."
    /// quota.heed(Remaining { calls: 2, within: Duration::from_secs(10) });
    /// assert!(quota.try_acquire().is_ok());
    /// assert_eq!(quota.try_acquire().unwrap_err().retry_after().unwrap().as_secs(), 5);
    /// clock.advance(Duration::from_secs(10));
    /// assert!(quota.acquire_n(100).is_ok());
    /// ```
    pub fn heed(&self, remaining: Remaining) {
        let Remaining { calls, within } = remaining;
        let within_ms = within.as_nanos().div_ceil(1_000_000);
        let within_ms = u64::try_from(within_ms).unwrap_or(LONGEST_MS).min(LONGEST_MS);
        let Some(settings) = self.settings() else { return };
        // Without a call left, the next one is that after the time.
        let (nanos, cost) = (within_ms.saturating_mul(1_000_000), settings.cost());
        let most = u64::from(settings.burst()) + nanos / cost.max(1);
        if within_ms == 0 || calls >= most {
            self.widen();
            return;
        }
        let spacing = nanos.div_ceil(calls.max(1)).max(cost);
        let now = self.fine_now();
        // `now` of the clock is no later than that, so it reaches the end no sooner.
        let until_ms = now.div_ceil(1_000_000).wrapping_add(within_ms);
        self.narrow.store(Narrow::new(spacing, until_ms));
        if calls == 0 {
            // Not even the one that comes first.
            self.arrival.step(self.arrival.load(), |arrival: Arrival| {
                (arrival.not_before(now, spacing, settings.depth().max(spacing)), ())
            });
        }
    }

    /// Takes back what [`heed`](Self::heed) did: the settings alone hold again.
    pub fn widen(&self) {
        self.narrow.store(Narrow::NOT);
    }

    /// Returns for how long the limit is narrower than its settings say, or `None` if it
    /// is not.
    #[must_use]
    pub fn narrowed_for(&self) -> Option<Duration> {
        match self.narrow.load::<Narrow>().left_ms(self.clock.now().as_millis()) {
            0 => None,
            left => Some(Duration::from_millis(left)),
        }
    }

    /// Takes `calls` as the service asks, if it still does. As
    /// [`take`](Self::take); `None` where it does not ask any more.
    #[cold]
    #[inline(never)]
    pub(super) fn take_narrow(
        &self,
        narrow: Narrow,
        settings: RateSettings,
        calls: u32,
        patience: u64,
    ) -> Option<Result<Taken, Option<u64>>> {
        let left_ms = narrow.left_ms(self.clock.now().as_millis());
        if left_ms == 0 {
            // Unless the service has said something new meanwhile.
            self.narrow.replace(narrow, Narrow::NOT);
            return None;
        }
        let cost = narrow.spacing().saturating_mul(calls.into());
        // By a coarse clock, the last one might come within the time of the next.
        let now = self.fine_now();
        // After that time, calls are worth what the settings say.
        let end = left_ms.saturating_mul(1_000_000).max(settings.cost_of(calls));
        let depth = settings.depth().max(end);
        let Step { to, said, .. } = self.arrival.step(self.arrival.load(), |arrival: Arrival| {
            arrival.take_spaced(now, cost, depth, end, patience)
        });
        Some(match said {
            Said::Admitted { after } => Ok(Taken { after, end: to, cost: cost.min(end) }),
            Said::Refused { wait } => Err(Some(wait)),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_spacing_is_rounded_up_and_by_little(spacing in 1..1_u64 << 57, until: u64) {
            let kept = Narrow::new(spacing, until).spacing();
            prop_assert!(kept >= spacing && kept - spacing <= spacing >> (NUMBER - 2));
        }

        #[test]
        fn it_ends_when_it_should(now: u64, lasts in 1..LONGEST_MS, later in 0..LONGEST_MS) {
            let narrow = Narrow::new(1, now.wrapping_add(lasts));
            let left = narrow.left_ms(now.wrapping_add(later));
            prop_assert_eq!(left, lasts.saturating_sub(later));
        }
    }
}
