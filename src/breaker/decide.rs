//! What a breaker decides when it is not healthy: the rules of `word`, stepped
//! by the machine, and what follows from each step.

use core::time::Duration;

use crate::{
    breaker::{
        CircuitBreaker,
        permit::Permit,
        word::{Admission, Report, Word},
    },
    bypass,
    error::Rejected,
    machine::Step,
    name::Name,
    observe::{Event, Observer, Rejection, Transition},
    random::{mix, process_seed},
    state::{Outcome, State, Verdict},
    sync::Ordering,
    time::Clock,
};

impl<C: Clock, O: Observer> CircuitBreaker<C, O> {
    /// A function of its own, so that a breaker with a failure or two saves no
    /// registers for what a rejection needs; and out of line, so that the
    /// healthy path's one test serves both of its loads.
    #[cold]
    #[inline(never)]
    pub(super) fn acquire_unhealthy(&self, seen: Word) -> Result<Word, Rejected> {
        // Closed admits everybody, whatever its count of failures.
        if seen.is_closed() {
            self.count_call();
            Ok(seen)
        } else {
            self.acquire_not_closed(seen)
        }
    }

    #[cold]
    #[inline(never)]
    fn acquire_not_closed(&self, seen: Word) -> Result<Word, Rejected> {
        if bypass::breaker(|| self.cell.name()) {
            return Ok(seen.outdated());
        }
        let settings = self.cell.settings();
        // The clock is read after the word, so that a stamp in the future
        // means a clock that stepped back, and never a slow thread.
        let Step { from, to, said } = self.cell.word.step(seen, |word: Word| match word.state() {
            // Neither needs the time.
            State::Closed | State::Disabled => (word, Admission::Admitted),
            _ => word.admit(settings, self.clock.now(), || self.salt()),
        });
        match said {
            Admission::Admitted => {
                // The permit first: should the observer panic, it is returned.
                let permit = Permit::new(self, to);
                self.announce(from, to);
                if to.state() != State::Disabled {
                    self.count_call();
                }
                Ok(permit.into_parts().1)
            }
            Admission::Rejected { retry_after_ms } => {
                self.cell.rejections.add_one();
                let rejected =
                    Rejected { name: self.cell.name(), state: to.state(), retry_after_ms };
                let (rejected, noted) = (&rejected, &self.cell.noted);
                self.observer.on_event(&Event::Rejection(Rejection { rejected, noted }));
                Err(*rejected)
            }
        }
    }

    /// Returns whether a call made now would be admitted. It asks without side
    /// effects: nobody becomes a probe, and nothing is counted. By the time of the
    /// call the answer may be another.
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker};
    ///
    /// let shop = CircuitBreaker::named("shop", BreakerConfig::new().build());
    /// assert!(shop.would_admit()); // show the shop's button
    /// shop.trip();
    /// assert!(!shop.would_admit());
    /// ```
    #[must_use]
    pub fn would_admit(&self) -> bool {
        let word = self.load();
        if word.is_closed() || bypass::breaker(|| self.cell.name()) {
            return true;
        }
        let (_, said) = word.admit(self.cell.settings(), self.clock.now(), || self.salt());
        said == Admission::Admitted
    }

    #[cold]
    #[inline(never)]
    pub(super) fn report_unhealthy(&self, seen: Word, permit: Word, outcome: Outcome) -> Verdict {
        self.report(seen, permit, outcome)
    }

    pub(super) fn report(&self, seen: Word, permit: Word, outcome: Outcome) -> Verdict {
        let outcome = if bypass::breaker(|| self.cell.name()) {
            if permit.state() != State::HalfOpen {
                return seen.verdict(permit);
            }
            // A probe from before: its place is given back, and that is all.
            Outcome::Ignore
        } else {
            outcome
        };
        let settings = self.cell.settings();
        let Step { from, to, said } = self
            .cell
            .word
            .step(seen, |word: Word| word.report(permit, outcome, settings, || self.clock.now()));
        if outcome == Outcome::Failure && said == Report::Counted {
            self.cell.failures.add_one();
        }
        self.announce(from, to);
        said.verdict()
    }

    #[inline]
    fn announce(&self, from: Word, to: Word) {
        if from.state() != to.state() {
            self.tell(from, to, false);
        }
    }

    #[cold]
    pub(super) fn tell(&self, from: Word, to: Word, forced: bool) {
        // An opening of its own has just begun; one by hand may have a length.
        let opens = matches!(to.state(), State::Open | State::ForcedOpen);
        let now = if forced && opens { self.clock.now() } else { to.stamp() };
        if opens {
            self.cell.openings.add_one();
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
    fn salt(&self) -> u64 {
        let key = match self.cell.key.load(Ordering::Relaxed) {
            0 => core::ptr::from_ref(self).addr() as u64,
            key => key,
        };
        mix(key ^ process_seed())
    }
}
