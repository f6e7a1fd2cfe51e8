//! A closed breaker that does not admit every call: it lets calls back after an outage,
//! or sheds load.
//!
//! Two words say why: the ramp and the share that is shed. The gate follows from them, and
//! is what a call looks at. Whoever changes one of the two makes the gate anew after that;
//! and whoever takes the gate away looks at them once more.

use crate::{
    breaker::{CircuitBreaker, word::Word},
    bypass,
    config::Foresight,
    error::{LimitKind, Rejected},
    observe::{Observer, trace::Record},
    overload::{
        ALL,
        classes::{line, share_from},
        gate::Gate,
        priority::Priority,
        ramp::{Ramp, Slope},
        shed::Shed,
        turns,
    },
    state::State,
    sync::{Ordering, fence, planted},
    time::{Clock, Tick},
};

/// Why not all calls are admitted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Relief {
    /// The share that the ramp admits, where there is one.
    pub(super) ramp: Option<u64>,
    /// The milliseconds that are left of it.
    pub(super) ramp_left_ms: Option<u64>,
    /// The share that is admitted as load is shed, where the service is, or was lately,
    /// overloaded.
    pub(super) keeps: Option<u64>,
    /// Whether trouble is foreseen for which calls below the default priority are turned
    /// away.
    pub(super) foreseen: bool,
}

impl Relief {
    pub(super) const NONE: Self =
        Self { ramp: None, ramp_left_ms: None, keeps: None, foreseen: false };

    /// The share of all calls that is admitted.
    pub(super) fn share(self) -> u64 {
        self.ramp.unwrap_or(ALL) * self.keeps.unwrap_or(ALL) / ALL
    }
}

impl<C, O> CircuitBreaker<C, O> {
    pub(super) fn slope(&self) -> Slope {
        let load = self.cell.load();
        Slope { from: load.ramp_from().into(), length: load.ramp_up_ms() }
    }

    /// The ramp of this word: of a closed one, or of one that is about to close.
    pub(super) fn ramp_of(&self, word: Word) -> Option<Ramp> {
        let ramp = self.cell.ramp.load::<Ramp>();
        let generation = match word.state() {
            State::Closed => word.generation(),
            State::HalfOpen => word.generation().wrapping_add(1),
            _ => return None,
        };
        ramp.is_of(generation).then_some(ramp)
    }

    /// What is in force at this word.
    pub(super) fn relief(&self, word: Word, now: Tick) -> Relief {
        let (ramp, slope) = (self.ramp_of(word), self.slope());
        let shed = self.cell.shed.load::<Shed>();
        let most = self.cell.load().max_shed();
        let sheds = word.is_closed() && most > 0 && !shed.is_over(now);
        Relief {
            ramp: ramp.and_then(|it| it.share(now, slope)),
            ramp_left_ms: ramp.and_then(|it| it.left_ms(now, slope)),
            keeps: sheds.then(|| shed.keeps(now, most.into())),
            foreseen: word.is_closed() && self.foresees(Foresight::Shed, now),
        }
    }

    /// The share of all calls that is admitted.
    pub(super) fn share_of(&self, relief: Relief) -> u64 {
        if relief.foreseen {
            let least = share_from(self.cell.mix.get(), Priority::DEFAULT.class());
            relief.share().min(least).min(ALL - 1)
        } else {
            relief.share()
        }
    }

    /// The gate that belongs there now.
    fn gate_now(&self, now: Tick) -> Gate {
        self.gate_at(self.load(), now)
    }

    /// The gate that belongs to this word.
    pub(super) fn gate_at(&self, word: Word, now: Tick) -> Gate {
        let relief = self.relief(word, now);
        let (ramp, sheds) = (relief.ramp.is_some(), relief.keeps.is_some() || relief.foreseen);
        if !ramp && !sheds {
            return Gate::OPEN;
        }
        let mut line = line(self.cell.mix.get(), relief.share());
        if relief.foreseen && line.0 < Priority::DEFAULT.class() {
            line = (Priority::DEFAULT.class(), ALL);
        }
        Gate::new(line, ramp, sheds, now)
    }

    /// Makes the gate anew. What is over is cleared.
    #[cold]
    #[inline(never)]
    pub(super) fn make_gate(&self, now: Tick) -> Gate {
        self.clear_what_is_over(now);
        loop {
            let there = self.cell.gate.load::<Gate>();
            // What that gate was made of, and nothing older, is what is looked at next.
            fence(Ordering::Acquire);
            let made = self.gate_now(now).watched(self.cell.needs_watch());
            if !self.cell.gate.replace(there, made) {
                continue;
            }
            if made.is_open() {
                // Whoever wrote one of the words meanwhile, and made the gate before it
                // was taken away, is seen now.
                if !planted!(GateNotLookedAtAgain) && !self.gate_now(now).is_open() {
                    continue;
                }
            }
            // So is whoever began to watch.
            if !made.is_watched() && self.cell.needs_watch() {
                continue;
            }
            if made.is_clear() != there.is_clear() {
                self.cell.attend();
            }
            return made;
        }
    }

    /// Each is cleared as it was seen, so that a newer one stays.
    fn clear_what_is_over(&self, now: Tick) {
        let word = self.load();
        if !word.is_closed() {
            return;
        }
        if let Some(ramp) = self.ramp_of(word)
            && ramp.share(now, self.slope()).is_none()
        {
            self.cell.ramp.replace(ramp, Ramp::NONE);
        }
        let shed = self.cell.shed.load::<Shed>();
        if !shed.is_none() && (self.cell.load().max_shed() == 0 || shed.is_over(now)) {
            self.cell.shed.replace(shed, Shed::NONE);
        }
    }

    /// The breaker has left this state, or was put into it by hand: what was said of its
    /// load holds no more.
    #[cold]
    pub(super) fn forget_load(&self, state: Word) {
        if !self.cell.shed.load::<Shed>().is_none() {
            self.cell.shed.step(self.cell.shed.load(), |_: Shed| (Shed::NONE, ()));
        }
        let ramp = self.cell.ramp.load::<Ramp>();
        if ramp.is_of(state.generation()) {
            self.cell.ramp.replace(ramp, Ramp::NONE);
        }
    }
}

impl<C: Clock, O: Observer> CircuitBreaker<C, O> {
    /// A closed breaker has a gate, and may admit a call. What nearly every call meets
    /// while load is shed is here, and calls nothing: it needs no stack.
    #[inline(never)]
    pub(super) fn acquire_gated(
        &self,
        seen: Word,
        priority: impl FnOnce() -> Priority,
    ) -> Result<Word, Rejected> {
        let (gate, priority) = (self.cell.gate.load::<Gate>(), priority());
        let class = priority.class();
        if !gate.is_for_load()
            || bypass::breaker(|| self.cell.name())
            || !self.cell.mix.count_one(class)
        {
            return self.acquire_passing(seen, priority);
        }
        if self.turn(gate, class, 1) == 0 {
            return self.acquire_late(seen, gate, class);
        }
        self.acquire_passed(seen)
    }

    #[inline(never)]
    fn acquire_passing(&self, seen: Word, priority: Priority) -> Result<Word, Rejected> {
        self.pass(priority, 1)?;
        if self.is_watched() {
            return Err(self.begin_watched(self.acquire_passed(seen)?));
        }
        self.acquire_passed(seen)
    }

    #[cold]
    #[inline(never)]
    fn acquire_late(&self, seen: Word, gate: Gate, class: u8) -> Result<Word, Rejected> {
        self.pass_late(gate, class, 1, false)?;
        self.acquire_passed(seen)
    }

    /// A call has passed the gate. There may be more to look into.
    #[inline]
    fn acquire_passed(&self, seen: Word) -> Result<Word, Rejected> {
        if self.cell.may_look() {
            return self.acquire_attended(seen);
        }
        self.count_call();
        Ok(seen.ticket())
    }

    /// Of so many calls that come to the gate, those that may pass.
    #[inline]
    pub(super) fn pass(&self, priority: Priority, calls: u64) -> Result<u64, Rejected> {
        let mut gate = self.cell.gate.load::<Gate>();
        if gate.is_for_ramp() {
            let now = self.clock.now();
            if gate.is_old(now) {
                gate = self.make_gate(now);
                if gate.is_open() {
                    return Ok(calls);
                }
            }
        } else if gate.is_open() {
            // It is watched, and that changes nothing.
            return Ok(calls);
        }
        if bypass::breaker(|| self.cell.name()) {
            return Ok(calls);
        }
        let class = priority.class();
        let full = self.cell.mix.count(class, calls);
        match self.turn(gate, class, calls) {
            0 if calls > 0 => self.pass_late(gate, class, calls, full),
            admitted => Ok(admitted),
        }
    }

    /// Of so many calls of a class, those whose turn it is.
    #[inline]
    fn turn(&self, gate: Gate, class: u8, calls: u64) -> u64 {
        match gate.share_of(class) {
            0 => 0,
            ALL => calls,
            share => turns::admitted(
                self.cell.turns.add::<crate::machine::Bits>(share * calls).0,
                share,
                calls,
            ),
        }
    }

    /// None may pass, by a gate that may be old.
    #[cold]
    #[inline(never)]
    fn pass_late(&self, seen: Gate, class: u8, calls: u64, full: bool) -> Result<u64, Rejected> {
        let now = self.clock.now();
        let mut gate = seen;
        // Where time stands still, calls are counted instead.
        if seen.is_old(now) || full {
            gate = self.make_gate(now);
            let had_a_turn = seen.share_of(class) > 0;
            let admitted = match gate.share_of(class) {
                ALL => calls,
                // One call has one turn.
                _ if had_a_turn => 0,
                _ => self.turn(gate, class, calls),
            };
            if admitted > 0 {
                return Ok(admitted);
            }
        }
        let shed = self.cell.shed.load::<Shed>();
        if !gate.is_for_ramp()
            && !self.foresees(Foresight::Shed, now)
            && shed.is_silent(now)
            && self.cell.shed.replace(shed, shed.tried(now))
        {
            return Ok(1);
        }
        Err(self.turn_away(gate, now))
    }

    /// Counts and tells a call that was turned away while the breaker is closed.
    fn turn_away(&self, gate: Gate, now: Tick) -> Rejected {
        let word = self.load();
        self.cell.sheds.add_often();
        self.record(self.recorder(), |own, now| {
            Record::rejected(own, word.generation(), State::Closed, now)
        });
        let (kind, left) = if gate.is_for_ramp() {
            (LimitKind::RampUp, self.relief(word, now).ramp_left_ms)
        } else {
            (LimitKind::Shedding, None)
        };
        self.cell.rejections.add_often();
        let rejected = Rejected::by_limit(self.cell.name(), kind, left);
        self.tell_rejection(&rejected);
        rejected
    }

    /// Whether a call of this priority would pass now.
    pub(super) fn would_pass(&self, priority: Priority) -> bool {
        if self.cell.gate.load::<Gate>().is_open() {
            return true;
        }
        let now = self.clock.now();
        let gate = self.gate_now(now);
        let share = gate.share_of(priority.class());
        let before = self.cell.turns.load::<crate::machine::Bits>().0;
        gate.is_open()
            || share == ALL
            || turns::admitted(before, share, 1) > 0
            || !gate.is_for_ramp()
                && !self.foresees(Foresight::Shed, now)
                && self.cell.shed.load::<Shed>().is_silent(now)
    }
}

#[cfg(all(test, feature = "std", not(fusebox_loom)))]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        breaker::{permit::Permit, settings::BreakerConfig},
        machine::Bits,
        observe::DefaultObserver,
        time::ManualClock,
    };

    fn breaker(clock: &ManualClock) -> CircuitBreaker<&ManualClock> {
        let settings = BreakerConfig::new().ramp_up(core::time::Duration::from_secs(4));
        CircuitBreaker::with(None, settings.max_shed(99).build(), clock, DefaultObserver)
    }

    proptest! {
        /// Memory that is shared can hold anything.
        #[test]
        fn any_bits_in_any_of_the_words_are_harmless(
            words in prop::array::uniform6(prop_oneof![Just(0), any::<u64>()]),
            now in prop_oneof![0..10_000_u64, any::<u64>()],
            levels in prop::collection::vec(any::<u8>(), 1..50),
        ) {
            let clock = ManualClock::new();
            clock.set(Tick::from_millis(now));
            let breaker = breaker(&clock);
            let cell = &breaker.cell;
            let machines = [&cell.gate, &cell.ramp, &cell.shed, &cell.ended, &cell.turns];
            for (machine, bits) in machines.into_iter().zip(words) {
                machine.store(Bits(bits));
            }
            cell.mix.set([words[5], words[0], !words[5], words[1]]);
            cell.attend();
            let reading = breaker.reading();
            prop_assert!(reading.admits <= 100 && reading.shed <= 99);
            for level in &levels {
                clock.advance(core::time::Duration::from_millis(1));
                let priority = Priority::new(*level);
                let would = breaker.would_pass(priority);
                let permit = breaker.try_acquire_as(priority);
                // Of one class that is counted, an answer is what a call hears.
                let _ = (would, permit.map(Permit::success));
                let _ = breaker.acquire_many(u16::from(*level)).map(|it| it.report_counts(0, 0));
            }
            // Nobody is turned away for ever: after a while with no overload, nobody is.
            for level in levels.iter().cycle().take(300) {
                clock.advance(core::time::Duration::from_millis(600));
                let _ = breaker.try_acquire_as(Priority::new(*level)).map(Permit::success);
            }
            for level in levels {
                prop_assert!(breaker.try_acquire_as(Priority::new(level)).is_ok());
            }
            prop_assert!(breaker.load().is_healthy(), "nothing is left to look into");
        }
    }
}
