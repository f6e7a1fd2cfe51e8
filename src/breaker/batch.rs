//! Many calls under one permit, whose outcomes are one step of the breaker.

use core::{fmt, mem::ManuallyDrop};

use crate::{
    breaker::{
        CircuitBreaker,
        score::{Evidence, Pace},
        word::{Report, Word},
    },
    bypass,
    error::Rejected,
    machine::Step,
    observe::{DefaultObserver, Observer},
    overload::priority::Priority,
    state::{Outcome, State, Verdict},
    sync::planted,
    time::{Clock, DefaultClock},
};

impl<C: Clock, O: Observer> CircuitBreaker<C, O> {
    /// Asks for permission to make so many calls at once.
    ///
    /// A closed breaker admits all of them, or the share that it admits of any calls. One
    /// that is half-open admits as many as it has free places for probes: ask
    /// [`len`](Permits::len). Report the outcomes
    /// on the [`Permits`], in one step: on a healthy breaker that is a load. Such
    /// calls are not timed.
    ///
    /// # Errors
    /// [`Rejected`] when the breaker is open, or half-open with all its probes in
    /// flight, or closed and admits none of them.
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker, Outcome};
    ///
    /// let queue = CircuitBreaker::new(BreakerConfig::new().failure_threshold(3).build());
    /// let batch = queue.acquire_many(100)?; // 100 messages go out in one request
    /// assert_eq!(batch.len(), 100);
    /// batch.report_counts(98, 2); // two of them were refused
    ///
    /// let batch = queue.acquire_many(3)?;
    /// batch.report_all(&[Outcome::Failure; 3]);
    /// assert!(queue.acquire_many(100).is_err());
    /// # Ok::<(), fusebox::Rejected>(())
    /// ```
    #[inline]
    pub fn acquire_many(&self, calls: u16) -> Result<Permits<'_, C, O>, Rejected> {
        let word = self.load();
        if word.is_healthy() {
            self.count_calls(calls.into());
            return Ok(Permits::new(self, word, calls.into()));
        }
        self.acquire_many_unhealthy(word, calls.into())
    }

    #[cold]
    #[inline(never)]
    fn acquire_many_unhealthy(
        &self,
        seen: Word,
        asked: u64,
    ) -> Result<Permits<'_, C, O>, Rejected> {
        let mut calls = asked;
        if !seen.is_closed() {
            let word = self.acquire_not_closed(seen, &mut calls, Priority::current())?;
            self.note_caller();
            return Ok(Permits::new(self, word, calls));
        }
        #[cfg(not(fusebox_compact))]
        if seen.has_attention() && self.cell.meets_gate() {
            calls = self.pass(Priority::current(), calls)?;
            self.note_caller();
        }
        self.count_calls(calls);
        Ok(Permits::new(self, seen.ticket(), calls))
    }
}

/// Permission to make several calls, with one report for all of them.
///
/// Those whose outcome is not reported count for nothing, and give probes' places
/// back; so do all of them when this is dropped. Dropped by a panic, they are one
/// failure each.
#[must_use = "permits that are dropped report neither successes nor failures"]
pub struct Permits<'a, C: Clock = DefaultClock, O: Observer = DefaultObserver> {
    breaker: &'a CircuitBreaker<C, O>,
    word: Word,
    calls: u64,
}

impl<'a, C: Clock, O: Observer> Permits<'a, C, O> {
    #[inline]
    pub(super) const fn new(breaker: &'a CircuitBreaker<C, O>, word: Word, calls: u64) -> Self {
        Self { breaker, word, calls }
    }

    /// Returns how many calls were admitted.
    #[must_use]
    #[inline]
    #[allow(clippy::cast_possible_truncation)] // no more were asked for
    pub const fn len(&self) -> usize {
        self.calls as usize
    }

    /// Returns whether no call was admitted, as none was asked for.
    #[must_use]
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.calls == 0
    }

    /// Reports the outcomes in the order in which the calls ended. The breaker ends
    /// up as if each were reported by itself: where one opens it, those after it are
    /// stale.
    ///
    /// # Panics
    /// When there are more outcomes than calls.
    pub fn report_all(self, outcomes: &[Outcome]) -> Verdict {
        let this = self.checked(outcomes.len());
        let seen = this.breaker.load();
        if seen.is_healthy() && are_successes(outcomes) {
            return seen.verdict(this.word);
        }
        this.report_outcomes(outcomes)
    }

    #[inline(never)]
    fn report_outcomes(&self, outcomes: &[Outcome]) -> Verdict {
        let recorder = self.breaker.recorder();
        let settings = self.breaker.cell.settings();
        let left = self.calls - outcomes.len() as u64;
        let seen = self.breaker.load();
        // One answer for all: they end at one moment, and what is shed changes after it.
        let overload = if outcomes.contains(&Outcome::Overload) {
            self.breaker.evidence_of(seen, self.word, (Outcome::Overload, Pace::Fine), settings)
        } else {
            Evidence::Nothing
        };
        let verdict = self.breaker.report_batch(self.word, left, || {
            let mut left = outcomes;
            core::iter::from_fn(move || {
                let successes = left.iter().take_while(|it| **it == Outcome::Success).count();
                let (first, rest) = match left.get(successes..)?.split_first() {
                    Some((first, rest)) => (Some(*first), rest),
                    None => (None, &[] as &[Outcome]),
                };
                if successes == 0 && first.is_none() {
                    return None;
                }
                left = rest;
                let then = first.map(|outcome| match outcome {
                    Outcome::Overload => overload,
                    other => Evidence::of(other, Pace::Fine, settings),
                });
                Some(Run { successes: successes as u64, then })
            })
        });
        #[cfg(not(fusebox_compact))]
        {
            let count =
                |it: fn(&Outcome) -> bool| outcomes.iter().filter(|one| it(one)).count() as u64;
            let overloaded = count(|it| *it == Outcome::Overload);
            let answered = count(|it| !matches!(it, Outcome::Overload | Outcome::Ignore));
            let now = self.breaker.load();
            self.breaker.heed_load(now, self.word, (answered, overloaded), settings);
        }
        let outcomes = outcomes.iter().copied().chain(ignored(left));
        self.breaker.record_batch(recorder, self.word, outcomes);
        verdict
    }

    /// Reports how many calls succeeded and how many failed, where nobody knows in
    /// which order.
    ///
    /// The failures are taken to lie evenly among the successes: before the first,
    /// between any two and after the last there are as many successes, to one call.
    /// Any other order would have ended with a score that is higher or lower by no
    /// more than the number of successes, and opened no earlier than after
    /// the failures alone.
    ///
    /// # Panics
    /// When they are more than the calls.
    pub fn report_counts(self, successes: u16, failures: u16) -> Verdict {
        let this = self.checked(usize::from(successes) + usize::from(failures));
        let (successes, failures) = (u64::from(successes), u64::from(failures));
        let settings = this.breaker.cell.settings();
        #[cfg(not(fusebox_compact))]
        if this.breaker.cell.has_gate() {
            let answered = successes + failures;
            this.breaker.heed_load(this.breaker.load(), this.word, (answered, 0), settings);
        }
        let failure = Evidence::of(Outcome::Failure, Pace::Fine, settings);
        // Before the failure of this number, from 0, and before the end.
        let before = move |at: u64| successes * at / (failures + 1);
        let recorder = this.breaker.recorder();
        let left = this.calls - successes - failures;
        let verdict = this.breaker.report_batch(this.word, left, || {
            (0..=failures).map(move |at| Run {
                successes: before(at + 1) - before(at),
                then: (at < failures).then_some(failure),
            })
        });
        let outcomes = (0..=failures).flat_map(|at| {
            let successes = before(at)..before(at + 1);
            let failed = (at < failures).then_some(Outcome::Failure);
            successes.map(|_| Outcome::Success).chain(failed)
        });
        this.breaker.record_batch(recorder, this.word, outcomes.chain(ignored(left)));
        verdict
    }

    #[track_caller]
    fn checked(self, outcomes: usize) -> ManuallyDrop<Self> {
        let calls = self.len();
        assert!(outcomes <= calls, "{outcomes} outcomes of {calls} calls were reported");
        ManuallyDrop::new(self)
    }

    #[inline]
    pub(super) fn into_word(self) -> Word {
        ManuallyDrop::new(self).word
    }
}

impl<C: Clock, O: Observer> Drop for Permits<'_, C, O> {
    fn drop(&mut self) {
        let Self { breaker, word, calls } = *self;
        #[cfg(feature = "std")]
        if std::thread::panicking() {
            (0..calls).for_each(|_| breaker.fail_unwinding(breaker.load(), word, None));
            return;
        }
        let recorder = breaker.recorder();
        breaker.report_batch(word, calls, core::iter::empty);
        breaker.record_batch(recorder, word, ignored(calls));
    }
}

impl<C: Clock, O: Observer> fmt::Debug for Permits<'_, C, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permits")
            .field("breaker", &self.breaker.name())
            .field("generation", &self.word.generation())
            .field("len", &self.calls)
            .finish_non_exhaustive()
    }
}

/// Whether all are. Counted to the end, without a branch for each: that is less than a
/// cycle each.
#[inline]
fn are_successes(outcomes: &[Outcome]) -> bool {
    outcomes.iter().fold(0, |others, it| others | u32::from(!matches!(it, Outcome::Success))) == 0
}

/// Calls whose outcome nobody reported.
fn ignored(calls: u64) -> impl Iterator<Item = Outcome> + Clone {
    (0..calls).map(|_| Outcome::Ignore)
}

/// Successes in a row, and what came after them.
struct Run {
    successes: u64,
    then: Option<Evidence>,
}

impl<C: Clock, O: Observer> CircuitBreaker<C, O> {
    /// Reports runs of outcomes in one step, and gives `unreported` places back.
    fn report_batch<R: Iterator<Item = Run>>(
        &self,
        permit: Word,
        unreported: u64,
        mut runs: impl FnMut() -> R,
    ) -> Verdict {
        let seen = self.load();
        if seen.is_healthy() && runs().all(|run| run.then.is_none()) {
            return seen.verdict(permit);
        }
        let bypassed = bypass::breaker(|| self.cell.name());
        if bypassed && permit.state() != State::HalfOpen {
            return seen.verdict(permit);
        }
        let settings = self.cell.settings();
        if settings.window() != 0 || planted!(BatchInSteps) {
            return self.report_one_by_one(permit, unreported, runs());
        }
        let now = self.clock.now();
        #[cfg(not(fusebox_compact))]
        let ramped = self.ramped(seen);
        let Step { from, to, said } = self.cell.word.step(seen, |word: Word| {
            let mut word = word;
            let (mut said, mut failures) = (Report::Stale, 0);
            let mut report = |word: &mut Word, evidence| {
                #[cfg(not(fusebox_compact))]
                let evidence = ramped.map_or(evidence, |it| it.weigh(evidence));
                let (next, of_it) = word.report(permit, evidence, settings, || now);
                #[cfg(not(fusebox_compact))]
                let next = self.with_ramp(*word, next, ramped, settings);
                *word = next;
                said = if of_it == Report::Stale { said } else { of_it };
                of_it != Report::Stale
            };
            for Run { successes, then } in runs().filter(|_| !bypassed) {
                if word.is_closed() && word.same_generation(permit) {
                    word = word.relieved(settings, successes);
                    report(&mut word, Evidence::Nothing);
                } else {
                    // Few of them change anything: the next that closes is the last.
                    for _ in 0..successes {
                        if !report(&mut word, Evidence::Success) {
                            break;
                        }
                    }
                }
                let counted = then.is_none_or(|evidence| {
                    let counted = report(&mut word, evidence);
                    failures += u64::from(counted && evidence.is_counted());
                    counted
                });
                if !counted {
                    break;
                }
            }
            let unreported = if permit.state() == State::HalfOpen { unreported } else { 0 };
            for _ in 0..unreported {
                report(&mut word, Evidence::Nothing);
            }
            if said == Report::Stale && word.same_generation(permit) {
                said = Report::Counted;
            }
            (word, (said, failures))
        });
        let (said, failures) = said;
        if said == Report::Counted && failures > 0 {
            self.cell.failures.add(failures);
        }
        self.announce(from, to);
        said.verdict()
    }

    /// The last calls are a word of their own, which takes one call at a time.
    fn report_one_by_one(
        &self,
        permit: Word,
        unreported: u64,
        runs: impl Iterator<Item = Run>,
    ) -> Verdict {
        let settings = self.cell.settings();
        let mut verdict = self.load().verdict(permit);
        let all = runs.flat_map(|Run { successes, then }| {
            (0..successes).map(|_| Evidence::Success).chain(then)
        });
        let back = (0..unreported).map(|_| Evidence::Nothing);
        for evidence in all.chain(back) {
            let said = self.weigh(self.load(), permit, evidence, settings);
            if evidence.is_counted() && said == Report::Counted {
                self.cell.failures.add_one();
            }
            if said.verdict() == Verdict::Recorded {
                verdict = Verdict::Recorded;
            }
        }
        verdict
    }
}
