//! What a breaker tells of its decisions: to observers, to its counters, to a trace.

#[cfg(not(fusebox_compact))]
use core::fmt;
use core::time::Duration;

use crate::{
    breaker::{CircuitBreaker, word::Word},
    error::Rejected,
    name::Name,
    observe::{Event, Observer, Rejection, Transition, trace::Record},
    random::{mix, process_seed},
    state::State,
    sync::Ordering,
    time::Clock,
};
#[cfg(not(fusebox_compact))]
use crate::{config::Setting, observe::Tuned};

impl<C: Clock, O: Observer> CircuitBreaker<C, O> {
    /// Counts and tells a rejection.
    #[inline]
    pub(super) fn reject(&self, state: State, retry_after_ms: Option<u64>) -> Rejected {
        self.cell.rejections.add_often();
        let rejected = Rejected::new(self.cell.name(), state, retry_after_ms);
        self.tell_rejection(&rejected);
        rejected
    }

    #[inline]
    pub(super) fn tell_rejection(&self, rejected: &Rejected) {
        if self.observer.hears_events() {
            let noted = &self.cell.noted;
            self.observer.on_event(&Event::Rejection(Rejection { rejected, noted }));
        }
    }

    #[inline]
    pub(super) fn announce(&self, from: Word, to: Word) {
        if from.state() != to.state() {
            self.tell(from, to, false);
        }
    }

    /// Tells of something that carries the breaker's name, where somebody hears it.
    #[cfg(not(fusebox_compact))]
    pub(super) fn tell_by_name(&self, tell: impl FnOnce(&O, Option<&str>)) {
        if self.observer.hears_events() {
            let name = self.name();
            tell(&self.observer, name.as_ref().map(Name::as_str));
        }
    }

    /// Tells that a tuner has changed a setting.
    #[cfg(not(fusebox_compact))]
    pub(crate) fn tell_tuned(
        &self,
        setting: &'static Setting,
        (from, to): (u64, u64),
        reason: fmt::Arguments<'_>,
    ) {
        self.tell_by_name(|observer, breaker| {
            observer.on_event(&Event::Tuned(Tuned { breaker, setting, from, to, reason }));
        });
    }

    #[cold]
    pub(super) fn tell(&self, from: Word, to: Word, forced: bool) {
        // An opening of its own has just begun; one by hand may have a length.
        let opens = matches!(to.state(), State::Open | State::ForcedOpen);
        let now = if forced && opens { self.clock.now() } else { to.stamp() };
        if opens {
            self.cell.openings.add_one();
        }
        // Calls from before are none of the last ones.
        if !self.cell.history.get().is_clear() {
            self.cell.history.clear();
        }
        #[cfg(not(fusebox_compact))]
        if from.is_closed() && !to.is_closed() {
            self.forget_load(from);
            self.forget_foresight();
        }
        // By hand, the checkpoint is of what somebody did.
        let recorder = if forced { self.recorder() } else { self.recorder_after() };
        self.record(recorder, |own, now| {
            Record::changed(own, to.generation(), to.state(), forced, now)
        });
        #[cfg(not(fusebox_compact))]
        if self.cell.has_gate() {
            self.make_gate(self.clock.now());
        }
        if to.is_closed() {
            self.cell.attend();
        }
        #[cfg(not(fusebox_compact))]
        if !forced {
            self.learn_from_change(from, to, self.cell.opened.get());
        }
        match (from.state(), to.state()) {
            (_, State::Closed | State::Disabled) => self.cell.opened.clear(),
            (State::Closed | State::Disabled, State::Open | State::ForcedOpen) => {
                self.cell.opened.set(now);
            }
            _ => {}
        }
        if !self.observer.hears_events() {
            return;
        }
        let wait = to.own_left_ms(self.cell.settings(), now, || self.salt());
        let name = self.name();
        let breaker = name.as_ref().map(Name::as_str);
        self.observer.on_event(&Event::Transition(Transition {
            breaker,
            from: from.state(),
            to: to.state(),
            generation: to.generation(),
            forced,
            wait: wait.map(Duration::from_millis),
            last_error: self.cell.noted.get(),
        }));
    }

    /// What sets this breaker's jitter apart from all others': its key or,
    /// without one, its address, and the seed of the process.
    #[cold]
    pub(super) fn salt(&self) -> u64 {
        let key = match self.cell.key.load(Ordering::Relaxed) {
            0 => core::ptr::from_ref(self).addr() as u64,
            key => key,
        };
        mix(key ^ process_seed())
    }
}
