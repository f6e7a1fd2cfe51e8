//! What a breaker decides when it is not healthy: the rules of `word`, stepped
//! by the machine, and what follows from each step.

use core::time::Duration;

use crate::{
    breaker::{
        CircuitBreaker,
        batch::Permits,
        sampling,
        score::{Evidence, Pace},
        settings::BreakerSettings,
        word::{Admission, Report, Word, attends},
    },
    bypass,
    error::Rejected,
    machine::Step,
    observe::{Observer, trace::Record},
    overload::priority::Priority,
    state::{Outcome, State, Verdict},
    time::Clock,
};

/// Whether what happens nearly always has a path of its own. Where a 64-bit atomic is
/// a critical section, that saves no time, and a small device has the room for better
/// things.
const QUICKLY: bool = cfg!(target_has_atomic = "64");

impl<C: Clock, O: Observer> CircuitBreaker<C, O> {
    /// A function of its own, so that a breaker with a failure or two saves no
    /// registers for what a rejection needs; and out of line, so that the
    /// healthy path's one test serves both of its loads.
    #[cold]
    #[inline(never)]
    pub(super) fn acquire_unhealthy(&self, seen: Word) -> Result<Word, Rejected> {
        self.acquire_by(seen, Priority::current)
    }

    /// The same for a call of this priority.
    #[cold]
    #[inline(never)]
    pub(super) fn acquire_unhealthy_as(
        &self,
        seen: Word,
        priority: Priority,
    ) -> Result<Word, Rejected> {
        self.acquire_by(seen, || priority)
    }

    #[inline]
    fn acquire_by(
        &self,
        seen: Word,
        priority: impl FnOnce() -> Priority,
    ) -> Result<Word, Rejected> {
        if !seen.is_closed() {
            return self.acquire_open(seen, priority);
        }
        // Closed admits everybody, whatever its score, unless it has a gate.
        if seen.has_attention() {
            // One test for both: nearly always there is neither.
            if self.cell.meets_gate_or(seen) {
                #[cfg(not(fusebox_compact))]
                if self.cell.has_gate() {
                    return self.acquire_gated(seen, priority);
                }
                // With evidence against the service, every call that can be timed is.
                return self.acquire_attended(seen);
            }
            // Else a sample.
            if !sampling::skips() {
                return self.acquire_attended(seen);
            }
        }
        self.count_call();
        Ok(seen.ticket())
    }

    #[cold]
    #[inline(never)]
    fn acquire_open(
        &self,
        seen: Word,
        priority: impl FnOnce() -> Priority,
    ) -> Result<Word, Rejected> {
        match self.plain_rejection(seen) {
            0 => self.acquire_one_not_closed(seen, priority()),
            retry_after_ms => Err(self.reject(State::Open, Some(retry_after_ms))),
        }
    }

    /// A place for the number of calls is needed here, and not for a rejection.
    #[cold]
    #[inline(never)]
    fn acquire_one_not_closed(&self, seen: Word, priority: Priority) -> Result<Word, Rejected> {
        let permit = self.acquire_not_closed(seen, &mut 1, priority)?;
        #[cfg(not(fusebox_compact))]
        if self.is_watched() {
            return Err(self.begin_watched(permit));
        }
        Ok(permit)
    }

    /// The milliseconds left of an opening that waits as the settings say and no
    /// longer: what nearly every rejection is. 0 for all else, of which
    /// [`acquire_not_closed`](Self::acquire_not_closed) knows more.
    #[inline]
    fn plain_rejection(&self, seen: Word) -> u64 {
        if !QUICKLY || !seen.is_plainly_open() || self.cell.mark.records() {
            return 0;
        }
        if bypass::breaker(|| self.cell.name()) {
            return 0;
        }
        let Some(wait) = self.cell.wait().plain_wait_ms() else { return 0 };
        // The clock is read after the word, so that a stamp in the future
        // means a clock that stepped back, and never a slow thread.
        let elapsed = seen.elapsed(self.clock.now()).cast_unsigned();
        // Of a clock that stepped back it is larger than any wait.
        wait.saturating_sub(elapsed)
    }

    /// Of so many calls, those that are admitted; they have one permit.
    #[cold]
    #[inline(never)]
    pub(super) fn acquire_not_closed(
        &self,
        seen: Word,
        calls: &mut u64,
        priority: Priority,
    ) -> Result<Word, Rejected> {
        if bypass::breaker(|| self.cell.name()) {
            return Ok(seen.outdated());
        }
        let asked = *calls;
        let recorder = self.recorder();
        let settings = self.cell.settings();
        #[cfg(not(fusebox_compact))]
        if let Some(left) = self.probed_elsewhere_ms(seen, settings) {
            return Err(self.reject(State::Open, Some(left)));
        }
        let grace = settings.grace_ms(priority);
        // The clock is read after the word, so that a stamp in the future
        // means a clock that stepped back, and never a slow thread.
        let Step { from, to, said } = self.cell.word.step(seen, |word: Word| match word.state() {
            // Neither needs the time.
            State::Closed | State::Disabled => (word, Admission::Admitted { calls: asked }),
            _ => word.admit(settings, self.clock.now(), || self.salt(), asked, grace),
        });
        match said {
            Admission::Admitted { calls: admitted } => {
                *calls = admitted;
                let mut ticket = to.ticket();
                let times = attends(settings) && to.state() == State::HalfOpen
                    || self.cell.mark.is_shadowed();
                if (times || recorder.is_some()) && admitted == 1 {
                    ticket = to.timed(self.clock.now(), None);
                }
                // The permit first: should the observer panic, it is returned.
                let permits = Permits::new(self, ticket, admitted);
                if to.state() == State::HalfOpen {
                    (0..admitted).for_each(|_| {
                        self.record(recorder, |own, now| Record::probe(own, to.generation(), now));
                    });
                }
                self.announce(from, to);
                if to.state() != State::Disabled {
                    self.count_calls(admitted);
                }
                Ok(permits.into_word())
            }
            Admission::Rejected { retry_after_ms } => {
                self.record(recorder, |own, now| {
                    Record::rejected(own, to.generation(), to.state(), now)
                });
                Err(self.reject(to.state(), retry_after_ms))
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
        if bypass::breaker(|| self.cell.name()) {
            return true;
        }
        let priority = Priority::current();
        if word.is_closed() {
            #[cfg(not(fusebox_compact))]
            return !word.has_attention() || self.would_pass(priority);
            #[cfg(fusebox_compact)]
            return true;
        }
        #[cfg(not(fusebox_compact))]
        if self.probed_elsewhere_ms(word, self.cell.settings()).is_some() {
            return false;
        }
        let settings = self.cell.settings();
        let grace = settings.grace_ms(priority);
        let (_, said) = word.admit(settings, self.clock.now(), || self.salt(), 1, grace);
        matches!(said, Admission::Admitted { .. })
    }

    #[cold]
    #[inline(never)]
    pub(super) fn succeed_unhealthy(&self, seen: Word, permit: Word) -> Verdict {
        if !permit.is_timed() && self.is_well(seen) {
            return seen.verdict(permit);
        }
        self.report(seen, permit, Outcome::Success, None)
    }

    #[cold]
    #[inline(never)]
    pub(super) fn report_unhealthy(&self, seen: Word, permit: Word, outcome: Outcome) -> Verdict {
        self.report(seen, permit, outcome, None)
    }

    /// Whether a quick success changes nothing, though the word asks for attention:
    /// there is no evidence, none of the last calls failed, and every call is admitted.
    #[inline]
    fn is_well(&self, seen: Word) -> bool {
        seen.is_attended() && self.cell.history.get().is_clear() & !self.cell.has_gate()
    }

    /// A call that was admitted under `permit` reports. `took` is how long it took,
    /// where the caller knows.
    pub(super) fn report(
        &self,
        seen: Word,
        permit: Word,
        outcome: Outcome,
        took: Option<Duration>,
    ) -> Verdict {
        // A call that is recorded is timed, too.
        let plain = outcome == Outcome::Success && !permit.is_timed() && took.is_none();
        if plain && self.is_well(seen) {
            return seen.verdict(permit);
        }
        if self.cell.listens() {
            return self.report_recorded(seen, permit, outcome, took);
        }
        self.weigh_end(seen, permit, outcome, took).0
    }

    /// The same, and how the call's pace was judged; `None` where a bypass judged
    /// nothing. Nothing is learned from the call. Out of line, as is what comes after it: so none saves the registers of
    /// another, and a call that ended well reads no settings but a limit of its time.
    #[inline(never)]
    pub(super) fn weigh_end(
        &self,
        seen: Word,
        permit: Word,
        outcome: Outcome,
        took: Option<Duration>,
    ) -> (Verdict, Option<Pace>) {
        let pace = self.pace(permit, took);
        self.weigh_paced(seen, permit, outcome, pace)
    }

    /// The same of a call whose pace is known.
    #[inline]
    pub(super) fn weigh_paced(
        &self,
        seen: Word,
        permit: Word,
        outcome: Outcome,
        pace: Pace,
    ) -> (Verdict, Option<Pace>) {
        if outcome == Outcome::Success && pace == Pace::Fine && self.is_well(seen) {
            return (seen.verdict(permit), Some(pace));
        }
        self.weigh_pace(seen, permit, outcome, pace)
    }

    #[inline(never)]
    fn weigh_pace(
        &self,
        seen: Word,
        permit: Word,
        outcome: Outcome,
        pace: Pace,
    ) -> (Verdict, Option<Pace>) {
        let settings = self.cell.settings();
        let bypassed = bypass::breaker(|| self.cell.name());
        if bypassed && permit.state() != State::HalfOpen {
            return (seen.verdict(permit), None);
        }
        #[cfg(not(fusebox_compact))]
        if outcome != Outcome::Ignore {
            let overloaded = u64::from(outcome == Outcome::Overload);
            self.heed_load(seen, permit, (1 - overloaded, overloaded), settings);
        }
        let evidence = if bypassed {
            // A probe from before: its place is given back, and that is all.
            Evidence::Nothing
        } else {
            self.evidence_of(seen, permit, (outcome, pace), settings)
        };
        let said = self.weigh(seen, permit, evidence, settings);
        if evidence.is_counted() && said == Report::Counted {
            if !matches!(outcome, Outcome::Success | Outcome::Ignore) {
                self.cell.failures.add_often();
            }
            if pace == Pace::Slow {
                self.cell.slow.add_often();
            }
        }
        (said.verdict(), Some(pace))
    }

    /// What the end of a call says, where load may be shed for it.
    #[inline]
    pub(super) fn evidence_of(
        &self,
        seen: Word,
        permit: Word,
        (outcome, pace): (Outcome, Pace),
        settings: BreakerSettings,
    ) -> Evidence {
        #[cfg(not(fusebox_compact))]
        if outcome.is_failure() {
            return self.evidence_of_failure(seen, permit, (outcome, pace), settings);
        }
        let _ = (self, seen, permit); // a compact slot sheds nothing, and foresees nothing
        Evidence::of(outcome, pace, settings)
    }

    #[cfg(not(fusebox_compact))]
    #[inline(never)]
    fn evidence_of_failure(
        &self,
        seen: Word,
        permit: Word,
        (outcome, pace): (Outcome, Pace),
        settings: BreakerSettings,
    ) -> Evidence {
        if outcome == Outcome::Overload && self.spares(seen, permit, settings) {
            return Evidence::of(Outcome::Ignore, pace, settings).or_spared();
        }
        let evidence = Evidence::of(outcome, pace, settings);
        if evidence.is_against() { self.foreseen(seen, permit, evidence) } else { evidence }
    }

    /// A failure of a closed breaker that does not open it, by a rule of a weight and a
    /// threshold: what nearly every failure is. `None` for all else, of which
    /// [`report`](Self::report) knows more, and where another thread was faster.
    #[inline]
    pub(super) fn plain_failure(&self, seen: Word, permit: Word) -> Option<Verdict> {
        if !QUICKLY
            || !seen.is_closed()
            || !seen.same_generation(permit)
            || seen.either_attends(permit)
        {
            return None;
        }
        let (threshold, weight) = self.cell.rule().plain_rule()?;
        let score = seen.score() + weight.max(1);
        if score >= threshold || bypass::breaker(|| self.cell.name()) {
            return None;
        }
        let failed = seen.failed(score, self.clock.now());
        self.cell.word.replace(seen, failed).then(|| {
            self.cell.failures.add_often();
            Verdict::Recorded
        })
    }

    /// What evidence does to the word, and tells of it.
    pub(super) fn weigh(
        &self,
        seen: Word,
        permit: Word,
        evidence: Evidence,
        settings: BreakerSettings,
    ) -> Report {
        #[cfg(not(fusebox_compact))]
        let evidence = if evidence.is_against() && seen.has_attention() {
            self.primed(evidence)
        } else {
            evidence
        };
        if settings.window() != 0
            && let Some(said) = self.weigh_by_window(permit, evidence, settings)
        {
            return said;
        }
        #[cfg(not(fusebox_compact))]
        let (ramped, evidence) = if evidence.is_against()
            && let Some(ramped) = self.ramped(seen)
        {
            (Some(ramped), ramped.weigh(evidence))
        } else {
            (None, evidence)
        };
        let Step { from, to, said } = self.cell.word.step(seen, |word: Word| {
            let (to, said) = word.report(permit, evidence, settings, || self.clock.now());
            #[cfg(not(fusebox_compact))]
            let to = self.with_ramp(word, to, ramped, settings);
            (to, said)
        });
        self.announce(from, to);
        said
    }
}
