//! What a recorded breaker writes into its trace.

use core::time::Duration;

use crate::{
    breaker::{CircuitBreaker, sampling, score::Pace, word::Word},
    observe::{
        Observer,
        trace::{Checkpoint, End, Record, Trace},
    },
    state::{Outcome, Verdict},
    time::{Clock, Tick},
};
#[cfg(not(fusebox_compact))]
use crate::{
    breaker::{
        batch::Permits, history::Last, mark::Marked, settings::BreakerSettings, shadow::Ended,
        snapshot::Snapshot,
    },
    machine::Step,
};

/// A trace, and the number under which a breaker is recorded there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recorder<'a> {
    trace: Trace<'a>,
    breaker: u16,
}

impl<C: Clock, O: Observer> CircuitBreaker<C, O> {
    /// Records this breaker in its [`Trace`] from now on, under a number of its own; or
    /// no longer. Which trace that is, its observer says: the one of the process, unless
    /// you write another.
    ///
    /// Each call then reads the clock twice, and writes 8 bytes when it ends; a healthy
    /// call takes some 25 ns instead of 0.5. Where the settings have a
    /// [`slow_call`](crate::BreakerConfig::slow_call), every call is timed, of all such
    /// breakers of the process. A breaker that is not recorded pays nothing. Calls that
    /// were admitted before, calls under a bypass, and the first few successes of a
    /// thread that was timing a sample of its calls, are not recorded.
    ///
    /// A panel's breaker keeps the mark in its slot, for all programs: the number is
    /// that of the slot, plus one. A compact slot lacks this function.
    ///
    /// # Panics
    /// On a number that is not from 1 to 4095.
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker, Trace, TraceWord, What, set_trace};
    ///
    /// static WORDS: [TraceWord; Trace::words(256)] =
    ///     [const { TraceWord::new() }; Trace::words(256)];
    /// set_trace(Trace::new(&WORDS))?;
    ///
    /// let shop = CircuitBreaker::named("shop", BreakerConfig::new().build());
    /// shop.set_recorded(Some(1));
    /// let _ = shop.call(|| "x".parse::<u32>());
    /// let ends = |entry: &fusebox::Entry| matches!(entry.what, What::Ended { .. });
    /// assert_eq!(Trace::new(&WORDS).entries().filter(ends).count(), 1);
    /// # Ok::<(), fusebox::TraceInUse>(())
    /// ```
    #[cfg(not(fusebox_compact))]
    #[track_caller]
    pub fn set_recorded(&self, breaker: Option<u16>) {
        assert!(
            breaker.is_none_or(|number| (1..=Record::MOST).contains(&number)),
            "a breaker is recorded under a number from 1 to 4095"
        );
        self.cell.mark.set(breaker);
        self.cell.attend();
        self.recorder();
    }

    /// Returns the number under which this breaker is recorded, if it is.
    #[cfg(not(fusebox_compact))]
    #[must_use]
    pub fn recorded(&self) -> Option<u16> {
        self.cell.mark.get().map(Marked::breaker)
    }

    /// Makes the state of this breaker the one that a trace recorded, to replay what came
    /// next. Its settings and its clock stay its own. As with any state that is set by
    /// hand, calls that were admitted before are stale.
    ///
    /// Returns permits of that state, for the calls that were in flight: take as many as
    /// there were. A probe that nobody takes never ends.
    #[cfg(not(fusebox_compact))]
    pub fn resume(&self, checkpoint: Checkpoint) -> impl Iterator<Item = Permits<'_, C, O>> {
        let recorded = Word(checkpoint.word);
        let Step { to, .. } =
            self.cell.word.step(self.load(), |word: Word| (word.resumed(recorded), ()));
        let window = self.settings().window() != 0;
        self.cell.history.set(Last(if window { checkpoint.last } else { 0 }));
        self.forget_load(to);
        self.make_gate(self.clock.now());
        self.cell.attend();
        core::iter::repeat_with(move || Permits::new(self, to.ticket(), 1))
    }

    /// Admits a call of which a trace says that it was admitted, to replay it: of a closed
    /// breaker, whatever share of the calls it admits. `None` where it is not closed:
    /// then [`acquire_many`](Self::acquire_many) says what it would do.
    #[cfg(not(fusebox_compact))]
    pub fn resume_call(&self) -> Option<Permits<'_, C, O>> {
        let word = self.load();
        word.is_closed().then(|| Permits::new(self, word.ticket(), 1))
    }

    /// Whoever records asks before its step, as a checkpoint that is due says what was
    /// there before.
    #[inline]
    pub(super) fn recorder(&self) -> Option<Recorder<'_>> {
        if self.cell.mark.is_set() { self.recorder_of_marked() } else { None }
    }

    /// After a step, and with no checkpoint.
    pub(super) fn recorder_after(&self) -> Option<Recorder<'_>> {
        let (marked, trace) = (self.cell.mark.get()?, self.observer.trace()?);
        Some(Recorder { trace, breaker: marked.breaker() })
    }

    #[cold]
    #[inline(never)]
    pub(super) fn recorder_of_marked(&self) -> Option<Recorder<'_>> {
        let (marked, recorder) = (self.cell.mark.get()?, self.recorder_after()?);
        sampling::time_all();
        let trace = recorder.trace;
        let quarter = trace.quarter();
        if let Some(cause) = marked.due(quarter)
            && self.cell.mark.settle(marked, quarter)
        {
            let word = self.load();
            let checkpoint = Checkpoint {
                cause,
                word: word.0,
                settings: self.cell.settings().pack(),
                last: self.cell.history.get().0,
            };
            trace.write(checkpoint.records(recorder.breaker, self.clock.now()));
        }
        Some(recorder)
    }

    /// Writes one record of now.
    #[inline]
    pub(super) fn record(
        &self,
        recorder: Option<Recorder<'_>>,
        what: impl FnOnce(u16, Tick) -> Record,
    ) {
        if let Some(Recorder { trace, breaker }) = recorder {
            trace.write([what(breaker, self.clock.now())]);
        }
    }

    /// The end of a call of which somebody learns, or which somebody records.
    fn weigh_heard(
        &self,
        seen: Word,
        permit: Word,
        outcome: Outcome,
        took: Option<Duration>,
    ) -> (Verdict, Option<Pace>) {
        #[cfg(not(fusebox_compact))]
        if self.cell.learns() && (permit.is_timed() || took.is_some()) {
            let pace = self.learn_from_end(seen, permit, outcome, took);
            return self.weigh_paced(seen, permit, outcome, pace);
        }
        self.weigh_end(seen, permit, outcome, took)
    }

    /// A call of a breaker reports that is recorded, or learns.
    #[cold]
    #[inline(never)]
    pub(super) fn report_recorded(
        &self,
        seen: Word,
        permit: Word,
        outcome: Outcome,
        took: Option<Duration>,
    ) -> Verdict {
        let recorder = self.recorder_of_marked();
        #[cfg(not(fusebox_compact))]
        if self.cell.mark.is_shadowed() {
            return self.report_shadowed(recorder, seen, permit, (outcome, took));
        }
        let (verdict, pace) = self.weigh_heard(seen, permit, outcome, took);
        if let Some(recorder) = recorder
            && let Some(pace) = pace
        {
            let now = self.clock.now();
            let timed = || permit.is_timed().then(|| now.since(permit.timing().0));
            let took = took.or_else(timed).unwrap_or_default();
            let end = End { outcome, took, pace, verdict: Some(verdict) };
            recorder.write_end(permit, end, now);
        }
        verdict
    }

    /// The same where a shadow sees the call's end.
    #[cfg(not(fusebox_compact))]
    #[cold]
    #[inline(never)]
    fn report_shadowed(
        &self,
        recorder: Option<Recorder<'_>>,
        seen: Word,
        permit: Word,
        (outcome, took): (Outcome, Option<Duration>),
    ) -> Verdict {
        let spared = outcome == Outcome::Overload && self.spares(seen, permit, self.cell.load());
        let (verdict, pace) = self.weigh_heard(seen, permit, outcome, took);
        let Some(pace) = pace else { return verdict };
        let now = self.clock.now();
        let timed = || permit.is_timed().then(|| now.since(permit.timing().0));
        let took = took.or_else(timed);
        if let Some(recorder) = recorder {
            let took = took.unwrap_or_default();
            recorder.write_end(permit, End { outcome, took, pace, verdict: Some(verdict) }, now);
        }
        let took = took.map(|it| u64::try_from(it.as_millis()).unwrap_or(u64::MAX));
        self.show(Ended { outcome, spared, took, now });
        verdict
    }

    /// Calls of a batch report.
    pub(super) fn record_batch(
        &self,
        recorder: Option<Recorder<'_>>,
        permit: Word,
        outcomes: impl Iterator<Item = Outcome> + Clone,
    ) {
        #[cfg(not(fusebox_compact))]
        if self.cell.mark.is_shadowed() {
            let spared = self.spares(self.load(), permit, self.cell.load());
            self.show_batch(outcomes.clone(), spared);
        }
        if let Some(recorder) = recorder {
            let now = self.clock.now();
            for outcome in outcomes {
                let end = End { outcome, took: Duration::ZERO, pace: Pace::Fine, verdict: None };
                recorder.write_end(permit, end, now);
            }
        }
    }
}

impl Recorder<'_> {
    fn write_end(self, permit: Word, end: End, now: Tick) {
        match Record::ended(self.breaker, permit.generation(), end, now) {
            (Some(note), record) => self.trace.write([note, record]),
            (None, record) => self.trace.write([record]),
        }
    }
}

#[cfg(not(fusebox_compact))]
impl Checkpoint {
    /// Returns the settings in force at that moment.
    #[must_use]
    pub fn settings(&self) -> BreakerSettings {
        BreakerSettings::unpack(self.settings)
    }

    /// Returns what the breaker's word said at that moment.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::of(Word(self.word), Last(self.last))
    }
}
