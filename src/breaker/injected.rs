//! What a drill does to a call.

use core::{
    task::{Context, Poll},
    time::Duration,
};

use crate::{
    breaker::CircuitBreaker,
    bypass,
    drill::{
        chance,
        plan::{Tag, Words},
        scope,
    },
    error::{LimitKind, Rejected},
    observe::{DrillFault, DrillStep, Drilling, Event, Observer},
    sync::Ordering,
    time::{Clock, Tick},
};

/// A call that hangs looks so often, in milliseconds, whether its drill was ended early.
const LOOKS: u64 = 100;

/// What a drill does to an async call, between its polls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Injection {
    Undecided,
    /// Nothing, or nothing any more.
    Nothing,
    /// It waits. A hang ends with its drill, of this tag, and then fails.
    Waiting {
        until: Tick,
        hangs: Option<Tag>,
    },
}

/// A call that was chosen.
struct Chosen {
    fault: DrillFault,
    call: u64,
    words: Words,
    now: Tick,
}

impl<C: Clock, O: Observer> CircuitBreaker<C, O> {
    /// A call that is made by hand begins.
    pub(super) fn drill_by_hand(&self) -> Result<(), Rejected> {
        match self.choose_fault() {
            Some(chosen) if chosen.fault == DrillFault::Error => {
                self.inject(&chosen);
                Err(self.drilled())
            }
            _ => Ok(()),
        }
    }

    /// A sync call begins: what it waits for is over when this returns.
    pub(super) fn drill_sync(&self) -> Result<(), Rejected> {
        let Some(chosen) = self.choose_fault() else { return Ok(()) };
        self.inject(&chosen);
        let plan = chosen.words.plan;
        match chosen.fault {
            DrillFault::Error => Err(self.drilled()),
            DrillFault::Panic => self.panic_in_drill(),
            DrillFault::Latency => {
                self.clock.block(Duration::from_millis(plan.slow_ms().into()));
                Ok(())
            }
            DrillFault::Hang => {
                // Counted down, too: a clock may stand still.
                let mut left = plan.left_ms(chosen.now).unwrap_or(0);
                while left > 0 && self.cell.drilled.lasts(plan.tag(), self.clock.now()) {
                    let time = left.min(LOOKS);
                    self.clock.block(Duration::from_millis(time));
                    left -= time;
                }
                Err(self.drilled())
            }
        }
    }

    /// An async call begins, or goes on waiting.
    pub(super) fn drill_async(
        &self,
        at: &mut Injection,
        cx: &Context<'_>,
    ) -> Poll<Result<(), Rejected>> {
        if *at == Injection::Undecided {
            *at = Injection::Nothing;
            let Some(chosen) = self.choose_fault() else { return Poll::Ready(Ok(())) };
            self.inject(&chosen);
            let (plan, now) = (chosen.words.plan, chosen.now);
            let after = |millis| Tick::from_millis(now.as_millis().wrapping_add(millis));
            match chosen.fault {
                DrillFault::Error => return Poll::Ready(Err(self.drilled())),
                DrillFault::Panic => self.panic_in_drill(),
                DrillFault::Latency => {
                    *at = Injection::Waiting { until: after(plan.slow_ms().into()), hangs: None };
                }
                DrillFault::Hang => {
                    let until = after(plan.left_ms(now).unwrap_or(0));
                    *at = Injection::Waiting { until, hangs: Some(plan.tag()) };
                }
            }
        }
        let Injection::Waiting { until, hangs } = *at else { return Poll::Ready(Ok(())) };
        let now = self.clock.now();
        let left = u64::try_from(until.signed_since(now)).unwrap_or(0);
        if left > 0 && hangs.is_none_or(|tag| self.cell.drilled.lasts(tag, now)) {
            let time = if hangs.is_some() { left.min(LOOKS) } else { left };
            self.clock.wake_after(Duration::from_millis(time), cx.waker());
            return Poll::Pending;
        }
        *at = Injection::Nothing;
        Poll::Ready(if hangs.is_some() { Err(self.drilled()) } else { Ok(()) })
    }

    /// Whether a drill gives this call a fault. The first call after a drill clears it.
    fn choose_fault(&self) -> Option<Chosen> {
        if !self.cell.drilled.is_set() || bypass::breaker(|| self.cell.name()) {
            return None;
        }
        let now = self.clock.now();
        if self.cell.drilled.clear_if_over(now) {
            self.cell.watch();
            self.tell_drill(DrillStep::Ended);
            return None;
        }
        let (call, words) = self.cell.drilled.number(now)?;
        if call == 0 {
            self.tell_drill(DrillStep::Began);
        }
        let by = scope::next_call().unwrap_or(call);
        // A lone value, which does not change once a slot is claimed: relaxed.
        let key = self.cell.key.load(Ordering::Relaxed);
        let fault = chance::fault(words.source.seed(), key, by, words.shares)?;
        Some(Chosen { fault, call, words, now })
    }

    /// Counts and tells it.
    fn inject(&self, chosen: &Chosen) {
        self.cell.drilled.count_fault(chosen.words);
        self.tell_drill(DrillStep::Fault { fault: chosen.fault, call: chosen.call });
    }

    fn drilled(&self) -> Rejected {
        Rejected::by_limit(self.cell.name(), LimitKind::Drill, None)
    }

    #[track_caller]
    fn panic_in_drill(&self) -> ! {
        match self.name() {
            Some(name) => panic!("a drill made this call of circuit breaker `{name}` panic"),
            None => panic!("a drill made this call of a circuit breaker panic"),
        }
    }

    fn tell_drill(&self, step: DrillStep) {
        self.tell_by_name(|observer, breaker| {
            observer.on_event(&Event::Drill(Drilling { breaker, step }));
        });
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use proptest::{array::uniform4, prelude::*};

    use super::*;
    use crate::{
        breaker::settings::BreakerConfig,
        drill::config::{Drill, LONGEST},
        observe::DefaultObserver,
        time::ManualClock,
    };

    /// Any four words, and those that say one thing together more often than chance has them.
    fn words() -> impl Strategy<Value = [u64; 4]> {
        let any_bits = uniform4(any::<u64>());
        let shares = uniform4(prop_oneof![4 => 0..=2_500_u64, 1 => 0..1_u64 << 14]);
        let one = (any_bits, 0..16_u64, shares, 0..=u64::from(u32::MAX));
        prop_oneof![
            any_bits,
            one.prop_map(|([plan, _, source, calls], tag, shares, end)| {
                let tagged = |word: u64, at: u32| word & !(0xF << at) | tag << at;
                let shares = shares.iter().fold(0, |word, share| word << 14 | share) << 4;
                let plan = plan >> 40 << 40 | end;
                [tagged(plan, 40), tagged(shares, 60), tagged(source, 32), tagged(calls, 60)]
            }),
        ]
    }

    proptest! {
        /// Memory that is shared can hold anything.
        #[test]
        fn d2_any_bits_in_the_words_of_a_drill_are_harmless_and_end(
            words in words(),
            now in prop_oneof![0..=u64::from(u32::MAX), any::<u64>()],
            before in prop_oneof![Just(0), 0..u64::try_from(LONGEST.as_millis()).unwrap()],
        ) {
            // Often shortly before the end that the words speak of.
            let now = if before > 0 { words[0].wrapping_sub(before) } else { now };
            let clock = ManualClock::new();
            clock.set(Tick::from_millis(now));
            let settings = BreakerConfig::new().failure_threshold(30).build();
            let breaker = CircuitBreaker::with(None, settings, &clock, DefaultObserver);
            breaker.cell.drilled.set_bits(words);
            breaker.cell.watch();
            let call = || catch_unwind(AssertUnwindSafe(|| breaker.call(|| Ok::<_, ()>(()))));
            for _ in 0..5 {
                let drilled = breaker.drill();
                let is_free = drilled.is_none();
                if let Some(it) = drilled {
                    let Drill { fail, hang, panic, slow, .. } = it.drill;
                    prop_assert!(fail + hang + panic + slow <= 10_000 && it.left <= LONGEST);
                }
                match call() {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) => prop_assert!(!is_free),
                    Err(_) => prop_assert!(drilled.unwrap().drill.panic > 0),
                }
            }
            // It ends by itself, and leaves nothing to look into.
            clock.advance(LONGEST);
            prop_assert!(call().unwrap().is_ok() && call().unwrap().is_ok());
            prop_assert_eq!((breaker.drill(), breaker.is_watched()), (None, false));

            // Whatever is there, a drill can be begun, and ended.
            breaker.cell.drilled.set_bits(words);
            let all = Drill::lasting(Duration::from_mins(1)).fail(100.0).uncapped().build();
            breaker.start_drill(all);
            prop_assert_eq!(breaker.drill().map(|it| it.drill), Some(all));
            prop_assert!(call().unwrap().is_err_and(|it| it.as_rejected().unwrap().is_drill()));
            prop_assert!(breaker.stop_drill());
            prop_assert!(call().unwrap().is_ok());
        }
    }
}
