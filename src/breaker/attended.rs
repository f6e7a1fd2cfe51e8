//! What a breaker looks into when its word asks for attention: calls that are timed,
//! calls that hang, and how the last ones ended.

use core::time::Duration;

#[cfg(not(fusebox_compact))]
use crate::breaker::ramped::Ramped;
#[cfg(feature = "tower")]
use crate::state::State;
use crate::{
    breaker::{
        CircuitBreaker, sampling,
        score::{Evidence, Pace},
        settings::BreakerSettings,
        starts::{GROUPS, Rows},
        word::{Report, Word},
    },
    config::unit::millis,
    error::Rejected,
    machine::Step,
    observe::{Observer, trace::Record},
    overload::priority::Priority,
    time::{Clock, Tick},
};

/// A number that another tick has another of.
#[allow(clippy::cast_possible_truncation)] // any bits do
const fn low_bits(now: Tick) -> usize {
    now.as_millis() as usize
}

impl<C: Clock, O: Observer> CircuitBreaker<C, O> {
    /// A closed breaker admits a call, which is timed where the settings have a limit.
    /// With evidence against the service every call comes here, else a sample.
    #[inline(never)]
    pub(super) fn acquire_attended(&self, seen: Word) -> Result<Word, Rejected> {
        #[cfg(not(fusebox_compact))]
        if self.cell.learns() {
            return self.acquire_learning(seen);
        }
        if let Some(limit) = self.cell.rule().slow_call_ms() {
            return self.acquire_timed(seen, limit);
        }
        if self.cell.mark.is_set() {
            return Ok(self.acquire_recorded(seen));
        }
        self.count_call();
        Ok(seen.ticket())
    }

    /// A call that is timed for its record alone.
    #[cold]
    #[inline(never)]
    pub(super) fn acquire_recorded(&self, seen: Word) -> Word {
        self.count_call();
        match self.recorder_of_marked() {
            None if !self.cell.mark.is_shadowed() => seen.ticket(),
            _ => seen.timed(self.clock.now(), None),
        }
    }

    #[inline(never)]
    fn acquire_timed(&self, seen: Word, limit: u64) -> Result<Word, Rejected> {
        self.acquire_looking(seen, limit, |word, _| word)
    }

    /// The same, with a look ahead once in each tick. It is inlined, so that a call that
    /// looks no further pays nothing for it.
    #[inline]
    pub(super) fn acquire_looking(
        &self,
        seen: Word,
        limit: u64,
        look: impl FnOnce(Word, Tick) -> Word,
    ) -> Result<Word, Rejected> {
        let now = self.clock.now();
        let first = sampling::timed_at(now.as_millis());
        let (rows, group) = (self.rows(), sampling::group(GROUPS));
        let mut word = seen;
        let charge = |group: usize, word: &mut Word| {
            while let Some(generation) = rows.take_overdue(group, limit, now) {
                *word = self.charge(*word, generation);
            }
        };
        if first || seen.score() != 0 {
            (0..GROUPS).for_each(|group| charge(group, &mut word));
            if first {
                word = look(word, now);
            }
        } else {
            // Its own, and another one in each tick.
            charge(group, &mut word);
            charge(group.wrapping_add(low_bits(now)) & (GROUPS - 1), &mut word);
        }
        if !word.is_closed() {
            return self.acquire_not_closed(word, &mut 1, Priority::current());
        }
        self.count_call();
        let place = rows.note(group, word.generation(), now);
        Ok(word.timed(now, place))
    }

    /// A call that has not ended is slow already; the word after that.
    #[cold]
    #[inline(never)]
    fn charge(&self, seen: Word, generation: u16) -> Word {
        let settings = self.cell.settings();
        let (recorder, hung) = (self.recorder(), Word::ticket_of(generation));
        if self.weigh(seen, hung, Evidence::slow(settings), settings) == Report::Counted {
            self.cell.slow.add_one();
            self.record(recorder, |own, now| Record::hung(own, generation, now));
        }
        self.load()
    }

    /// A permit for a call that begins later: it is not timed yet.
    #[cfg(feature = "tower")]
    pub(super) fn untimed(&self, permit: Word) -> Word {
        if permit.is_timed()
            && let (began, Some(place)) = permit.timing()
        {
            self.rows().take(place, permit.generation(), began);
        }
        permit.ticket()
    }

    /// A call begins under a permit that was taken before; it may be timed.
    #[cfg(feature = "tower")]
    #[inline]
    pub(super) fn timed_from_now(&self, permit: Word) -> Word {
        let seen = self.load();
        if seen.is_healthy() || !seen.same_generation(permit) {
            return permit;
        }
        match seen.state() {
            State::Closed if seen.has_attention() && (seen.score() != 0 || !sampling::skips()) => {}
            State::HalfOpen => {}
            _ => return permit,
        }
        let recorded = self.recorder().is_some() || self.cell.mark.is_shadowed();
        #[cfg(not(fusebox_compact))]
        let (limit, learns) = (self.cell.slow_limit_ms(), self.cell.learns());
        #[cfg(fusebox_compact)]
        let (limit, learns) = (self.cell.rule().slow_call_ms(), false);
        if limit.is_none() && !learns {
            return if recorded { permit.timed(self.clock.now(), None) } else { permit };
        }
        let now = self.clock.now();
        sampling::timed_at(now.as_millis());
        if limit.is_none() && !self.cell.looks_ahead() {
            return permit.timed(now, None);
        }
        let place = self.rows().note(sampling::group(GROUPS), seen.generation(), now);
        permit.timed(now, place)
    }

    pub(super) fn rows(&self) -> Rows {
        Rows::of(core::ptr::from_ref(self).addr())
    }

    /// A permit for a call that is timed, and of which nobody is told while it hangs.
    #[cfg(not(fusebox_compact))]
    pub(super) fn timed_untold(&self, seen: Word) -> Word {
        let now = self.clock.now();
        sampling::timed_at(now.as_millis());
        seen.timed(now, None)
    }

    /// Whether a call took too long: by the word of its caller, or by its permit.
    #[inline]
    pub(super) fn pace(&self, permit: Word, took: Option<Duration>) -> Pace {
        match took {
            None if permit.is_timed() => self.measured(permit),
            None => Pace::Fine,
            Some(took) => self.pace_of(permit, took),
        }
    }

    /// Takes a timed call out that ends: whether it was charged already, and when it began.
    #[inline]
    pub(super) fn take_out(&self, permit: Word) -> (bool, Tick) {
        // Whoever is not timed knows itself how long it took.
        let untimed = (Tick::from_millis(0), None);
        let (began, place) = if permit.is_timed() { permit.timing() } else { untimed };
        let charged =
            place.is_some_and(|place| !self.rows().take(place, permit.generation(), began));
        (charged, began)
    }

    /// By its permit.
    #[inline(never)]
    fn measured(&self, permit: Word) -> Pace {
        let (began, place) = permit.timing();
        if let Some(place) = place
            && !self.rows().take(place, permit.generation(), began)
        {
            return Pace::Charged;
        }
        // A call may be timed for its record alone.
        let Some(limit) = self.cell.rule().slow_call_ms() else { return Pace::Fine };
        let elapsed = self.clock.now().since(began).as_millis();
        if elapsed > limit.into() { Pace::Slow } else { Pace::Fine }
    }

    /// By the word of its caller, who knows better.
    #[inline(never)]
    fn pace_of(&self, permit: Word, took: Duration) -> Pace {
        if self.take_out(permit).0 {
            return Pace::Charged;
        }
        let Some(limit) = self.cell.rule().slow_call_ms() else { return Pace::Fine };
        if millis::raw(took) > limit.into() { Pace::Slow } else { Pace::Fine }
    }

    /// Adds a call to the last ones of a closed breaker whose settings have a window.
    /// `None` where the word alone decides.
    #[inline(never)]
    pub(super) fn weigh_by_window(
        &self,
        permit: Word,
        evidence: Evidence,
        settings: BreakerSettings,
    ) -> Option<Report> {
        let word = self.load();
        let failed = match evidence {
            _ if !word.is_closed() || !word.same_generation(permit) => return None,
            Evidence::Enough { .. } => return None,
            Evidence::Nothing => return Some(Report::Counted),
            #[cfg(not(fusebox_compact))]
            Evidence::Spared => return Some(Report::Counted),
            Evidence::Success => false,
            Evidence::Against { .. } => true,
        };
        #[cfg(not(fusebox_compact))]
        let ramped = if failed { self.ramped(word) } else { None };
        #[cfg(not(fusebox_compact))]
        let calls = ramped.map_or(1, Ramped::calls);
        #[cfg(fusebox_compact)]
        let calls = 1;
        let last = self.cell.history.add(failed, calls, settings.window());
        if failed && last.failures() >= settings.failure_threshold().into() {
            let Step { from, to, said } = self.cell.word.step(word, |word: Word| {
                let enough = Evidence::Enough { millis: None };
                let (to, said) = word.report(permit, enough, settings, || self.clock.now());
                #[cfg(not(fusebox_compact))]
                let to = self.with_ramp(word, to, ramped, settings);
                (to, said)
            });
            self.announce(from, to);
            return Some(said);
        }
        if failed {
            let now = self.clock.now();
            self.cell.word.step(word, |word: Word| (word.failed_at(permit, now), ()));
        }
        // Attention is there as long as one of the last calls failed.
        if failed || last.failures() == 0 {
            self.cell.attend();
        }
        Some(Report::Counted)
    }
}
