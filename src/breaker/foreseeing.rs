//! How a breaker foresees trouble, and what it does about that.
//!
//! Calls that are timed feed it when they end; the first one of a thread in each tick looks
//! at those in flight. Nothing here opens a breaker but what
//! [`Foresight::Open`](crate::Foresight::Open) asks for.

use crate::{
    breaker::{CircuitBreaker, advice::Advised, score::Evidence, word::Word},
    config::Foresight,
    foresight::{
        ALARM, ENDS, InFlight, MOST, OTHERS,
        omen::{Ended, Omen},
    },
    learn::limit,
    machine::Step,
    observe::{Event, Foreseen, Observer, trace::Cause},
    overload::pressure::level::PressureLevel,
    risk::{Risk, RiskLevel},
    state::Outcome,
    time::{Clock, Tick},
};

/// In percent of the learned time: the next 1 in 100 is slow by definition, and where the
/// service is busy, slow calls come together. A quarter more is seldom reached so.
const USUAL: u64 = 125;

impl<C, O> CircuitBreaker<C, O> {
    /// The points of signs that calls do not give: of others, and of the host.
    fn other_signs(&self, now: Tick) -> (u64, u64) {
        let primed = self.cell.advised.load::<Advised>().primed_ms(now).is_some();
        (if primed { OTHERS } else { 0 }, self.cell.ahead.flow().pressure(now))
    }

    /// Whether there is an alarm for which the breaker does at least this.
    pub(super) fn foresees(&self, least: Foresight, now: Tick) -> bool {
        let omen = self.cell.ahead.omen.load::<Omen>();
        omen.has_alarm() && self.cell.load().foresight() >= least && {
            let (others, host) = self.other_signs(now);
            omen.is_alarm(now, others + host)
        }
    }

    fn risk_at(&self, omen: Omen, now: Tick) -> Risk {
        let (others, host) = self.other_signs(now);
        let (sum, flight) = (omen.sum(now), omen.flight(now));
        let points = sum + flight + others + host;
        let (hung, silent) = if omen.is_silent() { (0, flight) } else { (flight, 0) };
        Risk {
            level: if omen.is_alarm(now, others + host) {
                RiskLevel::Alarm
            } else if points >= ENDS {
                RiskLevel::Rising
            } else {
                RiskLevel::Calm
            },
            slow: percent(sum),
            hung: percent(hung),
            silent: percent(silent),
            others: percent(others),
            host: percent(host),
        }
    }

    /// What is foreseen, where the settings say that it is to be.
    pub(super) fn risk_now(&self, now: Tick) -> Risk {
        if !self.cell.load().looks_ahead() {
            return Risk::default();
        }
        self.risk_at(self.cell.ahead.omen.load(), now)
    }

    /// The clock has begun anew: what was so, is so now.
    pub(super) fn restamp_foresight(&self, now: Tick) {
        let omen = &self.cell.ahead.omen;
        omen.step(omen.load(), |it: Omen| (it.restamped(now), ()));
        self.cell.ahead.change(|it| it.restamped(now));
    }

    /// The breaker is in another state, or was put into this one by hand.
    pub(super) fn forget_foresight(&self) {
        let omen = &self.cell.ahead.omen;
        omen.step(omen.load(), |_: Omen| (Omen::NONE, ()));
    }

    /// Above so many milliseconds a call is slower than is usual: a quarter above the time
    /// before which 99 of 100 were done while all was well, or `slow_call` until that is
    /// known.
    fn usual_ms(&self) -> Option<u64> {
        let learned = self.cell.learned.latency().baseline();
        let learned = learned.map(|nanos| nanos.div_ceil(1_000_000));
        limit::in_force(None, USUAL, learned).or_else(|| self.cell.rule().slow_call_ms())
    }
}

/// Points in percent of an alarm, rounded up.
#[allow(clippy::cast_possible_truncation)] // two signs give no more than 400
const fn percent(points: u64) -> u16 {
    (points * 100).div_ceil(ALARM) as u16
}

impl<C: Clock, O> CircuitBreaker<C, O> {
    /// Returns how near the service is to trouble, for all that this breaker sees. Nothing
    /// is foreseen unless the settings have a
    /// [`foresight`](crate::BreakerConfig::foresight).
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{BreakerConfig, CircuitBreaker, Foresight};
    ///
    /// let limit = Duration::from_millis(100);
    /// let settings = BreakerConfig::new()
    ///     .failure_threshold(100)
    ///     .slow_call(limit)
    ///     .foresight(Foresight::Prime)
    ///     .build();
    /// let shop = CircuitBreaker::new(settings);
    /// for _ in 0..5 {
    ///     shop.try_acquire()?.success_after(3 * limit);
    /// }
    /// assert!(shop.risk().is_alarm());
    /// # Ok::<(), fusebox::Rejected>(())
    /// ```
    #[must_use]
    pub fn risk(&self) -> Risk {
        self.risk_now(self.clock.now())
    }

    /// Whether trouble is foreseen for which neither hedges start nor retries go on.
    #[inline]
    pub(crate) fn foresees_trouble(&self) -> bool {
        self.cell.ahead.has_alarm() && self.foresees(Foresight::Prime, self.clock.now())
    }

    /// What a failure amounts to: it is enough in an alarm for which the breaker is primed,
    /// unless it brought the alarm about itself.
    #[cold]
    #[inline(never)]
    pub(super) fn foreseen(&self, seen: Word, permit: Word, evidence: Evidence) -> Evidence {
        let current = seen.is_closed() && seen.same_generation(permit);
        match evidence {
            Evidence::Against { .. } if current && self.foresees_trouble() => {
                let omen = &self.cell.ahead.omen;
                let spared = omen.step(omen.load(), Omen::asked).said;
                if spared { evidence } else { Evidence::Enough { millis: None } }
            }
            other => other,
        }
    }

    /// Tells the breaker how serious the pressure of its own host is, which is one of the
    /// signs of trouble: on a host that is short of something, calls take longer than the
    /// service does. It holds for five seconds, so say it again every few seconds.
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker, Foresight, PressureLevel};
    ///
    /// let settings = BreakerConfig::new().foresight(Foresight::Watch).build();
    /// let shop = CircuitBreaker::new(settings);
    /// shop.note_pressure(PressureLevel::Critical);
    /// assert_eq!(shop.risk().host, 50);
    /// ```
    pub fn note_pressure(&self, level: PressureLevel) {
        let now = self.clock.now();
        self.cell.ahead.change(|it| it.pressed(level as u64, now));
    }
}

impl<C: Clock, O: Observer> CircuitBreaker<C, O> {
    /// A call of a breaker that looks ahead has ended, so many milliseconds after it began.
    #[inline(never)]
    pub(super) fn foresee_end(
        &self,
        (seen, permit): (Word, Word),
        outcome: Outcome,
        took: u128,
        now: Tick,
    ) {
        if !seen.is_closed() || !seen.same_generation(permit) || outcome == Outcome::Ignore {
            return;
        }
        self.cell.ahead.ended(now);
        let ended = Ended {
            slow: self.usual_ms().is_some_and(|usual| took > usual.into()),
            overload: outcome == Outcome::Overload,
        };
        let failed = outcome.is_failure();
        self.foresee(self.cell.load().foresight(), now, |omen, signs| {
            let after = omen.after(ended, now).judged(signs, now);
            if failed { after.sparing(omen) } else { after }
        });
    }

    /// Looks at the calls in flight; the breaker's word after that.
    #[cold]
    #[inline(never)]
    pub(super) fn foresee_flight(&self, seen: Word, now: Tick) -> Word {
        let foresight = self.cell.load().foresight();
        if foresight != Foresight::Off {
            let flight = self.in_flight(seen, now);
            let (points, silent) = self.cell.ahead.flow().points(flight, now);
            self.foresee(foresight, now, |omen, signs| {
                omen.seen(points, silent, now).judged(signs, now)
            });
        }
        self.load()
    }

    /// The calls of this process that are in flight, where it is known what is usual.
    fn in_flight(&self, seen: Word, now: Tick) -> InFlight {
        self.usual_ms().map_or_else(InFlight::default, |usual| {
            let none = InFlight::default();
            self.rows().ages(seen.generation(), now).fold(none, |all, age| all.with(age, usual))
        })
    }

    /// Steps what is foreseen, and does what follows from it.
    fn foresee(&self, foresight: Foresight, now: Tick, rule: impl Fn(Omen, u64) -> Omen) {
        let (others, host) = self.other_signs(now);
        let signs = others + host;
        let omen = &self.cell.ahead.omen;
        let Step { from, to, .. } = omen.step(omen.load(), |it: Omen| (rule(it, signs), ()));
        if from.has_alarm() != to.has_alarm() {
            self.tell_foresight(foresight, to, now);
        }
        if foresight == Foresight::Open && to.has_alarm() && to.points(now, signs) >= MOST {
            self.open_for_it(now);
        }
    }

    #[cold]
    fn tell_foresight(&self, foresight: Foresight, to: Omen, now: Tick) {
        if foresight >= Foresight::Shed || self.cell.has_gate() {
            self.make_gate(now);
        }
        self.tell_by_name(|observer, breaker| {
            let risk = self.risk_at(to, now);
            observer.on_event(&Event::Foreseen(Foreseen { breaker, risk, foresight }));
        });
    }

    /// There are twice the points of an alarm, and the settings say that this opens.
    #[cold]
    fn open_for_it(&self, now: Tick) {
        let settings = self.cell.settings();
        let Step { from, to, .. } = self.cell.word.step(self.load(), |word: Word| {
            let opens = word.is_closed();
            (if opens { word.trip(None, settings, now) } else { word }, ())
        });
        if from != to {
            // No call of a trace says why.
            self.cell.mark.owe(Cause::Forced);
            self.announce(from, to);
        }
    }
}

#[cfg(all(test, feature = "std", not(fusebox_loom)))]
mod tests {
    use core::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        breaker::settings::BreakerConfig, machine::Bits, observe::DefaultObserver,
        overload::priority::Priority, time::ManualClock,
    };

    fn breaker(
        clock: &ManualClock,
        foresight: Foresight,
    ) -> CircuitBreaker<&ManualClock, DefaultObserver> {
        let settings = BreakerConfig::new().failure_threshold(9).foresight(foresight).build();
        CircuitBreaker::with(None, settings, clock, DefaultObserver)
    }

    #[test]
    fn y3_no_hedge_starts_in_an_alarm() {
        let clock = ManualClock::new();
        for foresight in [Foresight::Watch, Foresight::Prime] {
            let breaker = breaker(&clock, foresight);
            assert!(breaker.seems_well());
            for _ in 0..3 {
                let permit = breaker.try_acquire().unwrap();
                permit.report_after(Outcome::Overload, Duration::ZERO);
            }
            breaker.try_acquire().unwrap().success();
            assert!(breaker.risk().is_alarm() && breaker.load().score() == 0);
            assert_eq!(breaker.seems_well(), foresight == Foresight::Watch);
            clock.advance(Duration::from_secs(5));
            assert!(breaker.seems_well());
        }
    }

    proptest! {
        /// Memory that is shared can hold anything.
        #[test]
        fn y3_any_bits_are_harmless(
            omen: u64,
            flow: u64,
            now in prop_oneof![0..10_000_u64, any::<u64>()],
            level in 0..4_u64,
            levels in prop::collection::vec(any::<u8>(), 1..40),
        ) {
            let clock = ManualClock::new();
            clock.set(Tick::from_millis(now));
            let breaker = breaker(&clock, Foresight::of(level));
            breaker.cell.ahead.omen.store(Bits(omen));
            breaker.cell.ahead.change(|_| crate::machine::Word::from_bits(flow));
            let _ = (std::format!("{}", breaker.reading().risk), breaker.would_admit());
            for level in &levels {
                clock.advance(Duration::from_millis(1));
                let _ = breaker.try_acquire_as(Priority::new(*level)).map(crate::Permit::success);
            }
            prop_assert!(breaker.load().is_closed(), "it opens only where asked");
            for level in levels.iter().cycle().take(20) {
                clock.advance(Duration::from_secs(1));
                let _ = breaker.try_acquire_as(Priority::new(*level)).map(crate::Permit::success);
            }
            for level in levels {
                prop_assert!(breaker.try_acquire_as(Priority::new(level)).is_ok());
            }
            // A pressure that was said for a later moment holds for 5 s as of then.
            if breaker.risk().percent() > 0 {
                clock.advance(Duration::from_secs(6));
            }
            prop_assert_eq!(breaker.risk().percent(), 0);
        }
    }
}
