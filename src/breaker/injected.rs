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
    name::Name,
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
        if self.observer.hears_events() {
            let name = self.name();
            let breaker = name.as_ref().map(Name::as_str);
            self.observer.on_event(&Event::Drill(Drilling { breaker, step }));
        }
    }
}
