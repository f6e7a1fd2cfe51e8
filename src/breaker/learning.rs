//! What a breaker learns of its service: from calls that are timed while all is well, and
//! at changes of state.

use core::time::Duration;

use crate::{
    breaker::{CircuitBreaker, advice::Advised, score::Pace, word::Word},
    bypass,
    config::unit::millis,
    error::Rejected,
    learn::{latency::Latency, learned::Learned, limit, past::Past, tells::TellsLatency},
    machine::Step,
    observe::{Event, LearnedReason, Observer, Relearned},
    state::{Outcome, State},
    time::{Clock, Tick},
};

const MILLI: u64 = 1_000_000;

impl<C, O> CircuitBreaker<C, O> {
    /// Returns what the breaker has learned of its service. It learns
    /// - from outages and their first probes, always;
    /// - how long calls take, and how many fail, where it times them for that: with
    ///   [`slow_above`](crate::BreakerConfig::slow_above), or after
    ///   [`learn_latency`](Self::learn_latency).
    ///
    /// Nothing is learned of calls while the breaker is not well: not closed, or closed with
    /// evidence against the service, in a ramp, with load to shed, or with advice. Forced
    /// states and a reset change nothing that was learned.
    ///
    /// A compact slot has no room for it, and lacks this function.
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{BreakerConfig, CircuitBreaker, DefaultObserver, ManualClock};
    ///
    /// let clock = ManualClock::new();
    /// let settings = BreakerConfig::new().failure_threshold(1).build();
    /// let shop = CircuitBreaker::with(None, settings, &clock, DefaultObserver);
    /// for _ in 0..3 {
    ///     shop.try_acquire()?.failure();
    ///     clock.advance(Duration::from_mins(1));
    ///     shop.try_acquire()?.success();
    /// }
    /// let learned = shop.learned();
    /// assert_eq!(learned.first_probe, Some(100));
    /// assert!(learned.outage.unwrap().abs_diff(Duration::from_mins(1)).as_secs() <= 1);
    /// # Ok::<(), fusebox::Rejected>(())
    /// ```
    #[must_use]
    pub fn learned(&self) -> Learned {
        let (latency, past) = (self.cell.learned.latency(), self.cell.learned.past());
        Learned {
            latency: latency.quantile().map(Duration::from_nanos),
            baseline: latency.baseline().map(Duration::from_nanos),
            outage: past.outage().map(Duration::from_millis),
            first_probe: past.first_probe(),
            failures_ppm: past.failures(),
            frozen: past.is_frozen(),
        }
    }

    /// Freezes what was learned, or lets the breaker learn again. What is frozen stays in
    /// force.
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker};
    ///
    /// let shop = CircuitBreaker::named("shop", BreakerConfig::new().build());
    /// shop.set_learning(false); // before a load test
    /// assert!(shop.learned().frozen);
    /// shop.set_learning(true);
    /// assert!(!shop.learned().frozen);
    /// ```
    #[cold]
    pub fn set_learning(&self, learns: bool) {
        self.cell.learned.step_past(|past| past.frozen(!learns));
    }

    /// Has the breaker time its calls, to learn how long they take and how many fail, though
    /// no setting asks for it; or no more. On a thread that makes many calls in one tick, a
    /// sample is timed, as for [`slow_call`](crate::BreakerConfig::slow_call).
    #[cold]
    pub fn learn_latency(&self, learns: bool) {
        self.cell.learned.step_latency(|latency| latency.asked(learns));
        self.cell.attend();
    }

    /// Returns the limit above which a call is slow now: `slow_call`, or the one that is
    /// learned by `slow_above`. `None` where no call is.
    #[must_use]
    pub fn slow_limit(&self) -> Option<Duration> {
        self.cell.slow_limit_ms().map(Duration::from_millis)
    }

    /// The two words, for a model to look at.
    #[cfg(fusebox_loom)]
    #[doc(hidden)]
    #[must_use]
    pub fn learned_words(&self) -> [u64; 2] {
        use crate::machine::Word as _;
        [self.cell.learned.latency().bits(), self.cell.learned.past().bits()]
    }

    /// Whether a call that ends now says how the service usually is.
    fn is_usual(&self, seen: Word, permit: Word, now: Tick) -> bool {
        seen.is_closed()
            && seen.same_generation(permit)
            && permit.state() == State::Closed
            && seen.score() == 0
            && self.cell.history.get().is_clear()
            && self.cell.admits_all()
            && !self.cell.ahead.has_alarm()
            && self.cell.advised.load::<Advised>().left_ms(now).is_none()
            && !bypass::breaker(|| self.cell.name())
    }
}

impl<C: Clock, O: Observer> CircuitBreaker<C, O> {
    /// Forgets what was learned; whether it is frozen, it keeps. A limit that was learned
    /// holds no more, of which [`Event::Learned`] tells.
    #[cold]
    pub fn forget_learned(&self) {
        let before = self.cell.slow_limit_ms();
        let Step { from, .. } = self.cell.learned.step_past(Past::forgotten);
        self.cell.learned.step_latency(Latency::forgotten);
        self.tell_limit(before, from.in_force(), LearnedReason::Forgotten);
    }

    /// A closed breaker that learns admits a call.
    #[cold]
    #[inline(never)]
    pub(super) fn acquire_learning(&self, seen: Word) -> Result<Word, Rejected> {
        let limit = self.cell.slow_limit_ms();
        if limit.is_some() || self.cell.looks_ahead() {
            // With no limit no call is slow, but those in flight are looked at.
            let limit = limit.unwrap_or(i64::MAX.cast_unsigned());
            return self.acquire_looking(seen, limit, |word, now| self.foresee_flight(word, now));
        }
        if self.cell.mark.is_set() {
            return Ok(self.acquire_recorded(seen));
        }
        self.count_call();
        Ok(self.timed_untold(seen))
    }

    /// A call of a breaker that learns ends; its pace.
    #[cold]
    #[inline(never)]
    pub(super) fn learn_from_end(
        &self,
        seen: Word,
        permit: Word,
        outcome: Outcome,
        took: Option<Duration>,
    ) -> Pace {
        let now = self.clock.now();
        let (charged, began) = self.take_out(permit);
        let pace = match self.cell.slow_limit_ms() {
            _ if charged => Pace::Charged,
            Some(limit) if elapsed_ms(took, began, now) > limit.into() => Pace::Slow,
            _ => Pace::Fine,
        };
        if outcome != Outcome::Ignore && self.is_usual(seen, permit, now) {
            let nanos = match took {
                Some(took) => u64::try_from(took.as_nanos()).unwrap_or(u64::MAX),
                // Of a call that is shorter than a tick, that is known, and no more.
                None => now
                    .since(began)
                    .as_millis()
                    .max(1)
                    .try_into()
                    .map_or(u64::MAX, |ms: u64| ms.saturating_mul(MILLI)),
            };
            self.learn(nanos, outcome == Outcome::Success, now);
        }
        if self.cell.looks_ahead() {
            self.foresee_end((seen, permit), outcome, elapsed_ms(took, began, now), now);
        }
        pace
    }

    /// A usual call has ended, after so many nanoseconds.
    fn learn(&self, took: u64, succeeded: bool, now: Tick) {
        let words = &self.cell.learned;
        let before = words.past();
        if before.is_frozen() {
            return;
        }
        let took = succeeded.then_some(took);
        let Step { from, to, .. } = words.step_latency(|latency| latency.heard(took, now));
        if from == to {
            return;
        }
        let settings = self.cell.load();
        let learned = to.baseline().filter(|_| settings.slow_above() > 0);
        let limit = self.cell.slow_limit_ms();
        let Step { from, to, .. } = words.step_past(|past| {
            let past = past.called(!succeeded);
            learned.map_or(past, |nanos| past.following(nanos.div_ceil(MILLI)))
        });
        if from.in_force() != to.in_force() {
            let reason = match from.in_force() {
                None => LearnedReason::Known,
                Some(there) if Some(there) < to.in_force() => LearnedReason::Slower,
                Some(_) => LearnedReason::Faster,
            };
            self.tell_limit(limit, to.in_force(), reason);
        }
    }

    /// The breaker has changed its state by itself; it was opened at this moment.
    #[cold]
    pub(super) fn learn_from_change(&self, from: Word, to: Word, opened: Option<Tick>) {
        if from.state() != State::HalfOpen || self.cell.learned.past().is_frozen() {
            return;
        }
        let probes = from.probes();
        let first = (probes.reopenings == 0).then(|| to.is_closed() || probes.succeeded > 0);
        let lasted = opened.filter(|_| to.is_closed()).map(|opened| {
            let lasted = self.clock.now().since(opened).as_millis();
            u64::try_from(lasted).unwrap_or(u64::MAX)
        });
        self.cell.learned.step_past(|past| {
            let past = first.map_or(past, |succeeded| past.probed(succeeded));
            lasted.map_or(past, |lasted| past.recovered(lasted))
        });
    }

    /// Tells of the slow limit, where it is not what it was before.
    fn tell_limit(&self, before: Option<u64>, baseline: Option<u64>, reason: LearnedReason) {
        let now = self.cell.slow_limit_ms();
        if now == before {
            return;
        }
        self.tell_by_name(|observer, breaker| {
            observer.on_event(&Event::Learned(Relearned {
                breaker,
                from: before.map(Duration::from_millis),
                to: now.map(Duration::from_millis),
                baseline: baseline.map(Duration::from_millis),
                percent: self.cell.load().slow_above(),
                reason,
            }));
        });
    }
}

fn elapsed_ms(took: Option<Duration>, began: Tick, now: Tick) -> u128 {
    took.map_or_else(|| now.since(began).as_millis(), millis::raw)
}

impl super::cell::Cell {
    /// The limit in force above which a call is slow, in milliseconds.
    #[inline]
    pub(crate) fn slow_limit_ms(&self) -> Option<u64> {
        let own = self.rule().slow_call_ms();
        if !self.learned.are_looked_at() {
            return own;
        }
        limit::in_force(own, self.load().slow_above().into(), self.learned.past().in_force())
    }
}

impl<C, O> TellsLatency for &CircuitBreaker<C, O> {
    fn learned_latency(&self) -> Option<Duration> {
        let latency = self.cell.learned.latency();
        if !latency.is_asked() {
            self.learn_latency(true);
        }
        latency.quantile().map(Duration::from_nanos)
    }
}

#[cfg(all(test, feature = "std", not(fusebox_loom)))]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        breaker::settings::BreakerConfig, machine::Word as _, observe::DefaultObserver,
        time::ManualClock,
    };

    proptest! {
        /// Memory that is shared can hold anything.
        #[test]
        fn any_bits_that_were_learned_are_harmless(
            latency in prop_oneof![Just(0), any::<u64>()],
            past in prop_oneof![Just(0), any::<u64>()],
            calls in prop::collection::vec((0..300_u64, any::<bool>()), 1..60),
        ) {
            let clock = ManualClock::new();
            let settings = BreakerConfig::new().slow_above(300).failure_threshold(2).build();
            let breaker = CircuitBreaker::with(None, settings, &clock, DefaultObserver);
            breaker.cell.learned.step_latency(|_| Latency::from_bits(latency));
            breaker.cell.learned.step_past(|_| Past::from_bits(past));
            for (takes, succeeds) in calls {
                let permit = breaker.try_acquire();
                clock.advance(Duration::from_millis(takes));
                let outcome = if succeeds { Outcome::Success } else { Outcome::Failure };
                _ = permit.map(|it| it.report(outcome));
                let learned = breaker.learned();
                prop_assert!(learned.first_probe.is_none_or(|it| it <= 100));
                prop_assert!(learned.failures_ppm.is_none_or(|it| it <= 100_000));
                prop_assert!(breaker.slow_limit().is_none_or(|it| it >= Duration::from_millis(10)));
                if breaker.state() == State::Open {
                    clock.advance(Duration::from_mins(1));
                }
            }
            breaker.forget_learned();
            prop_assert_eq!(breaker.learned(), Learned { frozen: breaker.learned().frozen, ..Learned::default() });
        }
    }
}
