//! A shadow: a breaker of other settings, which is fed with the outcomes of the live one.
//!
//! It answers nobody. Where it is set, the gate is watched, so that every call comes out
//! of line, and the mark has a bit of its own, so that every call is timed and reports to
//! `traced.rs`, which shows its end to the shadow.

mod reading;
mod rule;

pub use reading::{ShadowReading, ShadowRefused};
pub(crate) use rule::Ended;
use rule::{Shade, Would};

use crate::{
    breaker::{
        CircuitBreaker, history::History, score::Evidence, settings::BreakerSettings,
        snapshot::Snapshot, word::Word,
    },
    bypass,
    machine::Machine,
    observe::{Counter, Observer},
    state::{Outcome, State},
    sync::{Ordering, UnmodelledU64, const_fn},
    time::{Clock, Tick},
};

/// Eight words of a slot. All zeros is no shadow.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Shadow {
    word: Machine,
    /// The first word of its settings; 0 where there is no shadow.
    wait: UnmodelledU64,
    /// The second. The third is the live one.
    rule: UnmodelledU64,
    history: History,
    lost: Counter,
    saved: Counter,
    passed: Counter,
    /// In the upper 24 bits how often it opened, in the lower 40 how many calls the live
    /// breaker had turned away when the shadow was set.
    since: UnmodelledU64,
}

const OPENING: u32 = 40;
const TURNED_AWAY: u64 = (1 << OPENING) - 1;

impl Shadow {
    const_fn! {
        pub(crate) fn new() -> Self {
            Self {
                word: Machine::new(0),
                wait: UnmodelledU64::new(0),
                rule: UnmodelledU64::new(0),
                history: History::new(),
                lost: Counter::new(),
                saved: Counter::new(),
                passed: Counter::new(),
                since: UnmodelledU64::new(0),
            }
        }
    }

    #[inline]
    pub(crate) fn is_set(&self) -> bool {
        // Settings and statistics: each word stands alone and publishes nothing. Relaxed,
        // here and below.
        self.wait.load(Ordering::Relaxed) != 0
    }

    /// Begins anew, with these settings.
    fn begin(&self, settings: BreakerSettings, turned_away: u64) {
        let [wait, rule, _] = settings.pack();
        self.word.store(Shade(Word::NEW));
        self.history.clear();
        for counter in [&self.lost, &self.saved, &self.passed] {
            counter.clear();
        }
        self.since.store(turned_away & TURNED_AWAY, Ordering::Relaxed);
        self.rule.store(rule, Ordering::Relaxed);
        self.wait.store(wait, Ordering::Relaxed);
    }

    fn end(&self) {
        self.wait.store(0, Ordering::Relaxed);
    }

    /// Its settings, if it is set: about load they are the live ones.
    fn settings(&self, live: BreakerSettings) -> Option<BreakerSettings> {
        let [_, _, load] = live.pack();
        let wait = self.wait.load(Ordering::Relaxed);
        let rule = self.rule.load(Ordering::Relaxed);
        (wait != 0).then(|| BreakerSettings::unpack([wait, rule, load]))
    }

    /// A call of the live breaker has ended.
    fn heed(&self, call: Ended, settings: BreakerSettings, salt: impl Fn() -> u64) {
        let Some(evidence) = call.evidence(settings) else { return };
        let (judged, failed) = self.judged(evidence, settings);
        let step = self.word.step(self.word.load(), |word: Shade| {
            let (to, would) = word.after(call, judged, settings, &salt);
            (if failed { to.failed_at(call.now) } else { to }, would)
        });
        let (from, to) = (step.from.0, step.to.0);
        if !from.same_generation(to) {
            // Calls from before are none of the last ones.
            self.history.clear();
            // A probe that failed opens it again, in one step.
            if to.state() == State::Open {
                self.since.fetch_add(1 << OPENING, Ordering::Relaxed);
            }
        }
        match (step.said, evidence.is_against()) {
            (Would::Admit, true) => self.passed.add_one(),
            (Would::Refuse, true) => self.saved.add_one(),
            (Would::Refuse, false) => self.lost.add_one(),
            (Would::Admit, false) => {}
        }
    }

    /// What a call says to the word: where the settings have a window, only whether enough
    /// of the last calls failed. And whether it is one that failed, and is counted there.
    fn judged(&self, evidence: Evidence, settings: BreakerSettings) -> (Evidence, bool) {
        let by_word = matches!(evidence, Evidence::Enough { .. });
        if settings.window() == 0 || by_word || !self.word.load::<Shade>().0.is_closed() {
            return (evidence, false);
        }
        let failed = evidence.is_against();
        let last = self.history.add(failed, 1, settings.window());
        if failed && last.failures() >= settings.failure_threshold().into() {
            return (Evidence::Enough { millis: None }, false);
        }
        (Evidence::Nothing, failed)
    }

    /// The clock has begun anew.
    pub(crate) fn restamp(&self, now: Tick) {
        self.word.step(self.word.load(), |word: Shade| (Shade(word.0.restamp(now)), ()));
    }
}

impl<C, O> CircuitBreaker<C, O> {
    /// Sets a shadow: a breaker of other settings, which is fed with the outcomes of this
    /// one's calls, and never changes an answer, a state or an event. `None` takes it
    /// away. [`shadow`](Self::shadow) says what it would have refused and saved.
    ///
    /// A shadow judges a call when it has ended, as of the moment at which it began. It
    /// runs by the same rules as a breaker, with these differences: its probes are never
    /// in flight, as the next call that ends is one; a call that hangs counts as slow
    /// when it ends, and not before; it hears no advice, and its failures weigh no more
    /// while the live breaker lets calls back. What a forced state does to the live
    /// breaker it does not do to its shadow, which heeds the calls of a disabled breaker,
    /// too. Calls that the live breaker turns away are
    /// [`unknown`](ShadowReading::unknown).
    ///
    /// While there is a shadow, each call is timed, and writes to the slot where it
    /// failed, or where the shadow is not healthy; without one, nothing is different. A
    /// panel's shadow lies in its slot, and sees the calls of all programs. A compact
    /// slot lacks this function.
    ///
    /// # Errors
    /// [`ShadowRefused`] when the settings about load (`ramp_up`, `ramp_from`,
    /// `max_shed`) differ from those in force. Nothing is changed then.
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker, State};
    ///
    /// let shop = CircuitBreaker::new(BreakerConfig::new().failure_threshold(5).build());
    /// let stricter = shop.settings().config().failure_threshold(2).build();
    /// shop.set_shadow(Some(stricter))?;
    /// for _ in 0..4 {
    ///     let _ = shop.call(|| "x".parse::<u32>());
    /// }
    /// assert_eq!(shop.state(), State::Closed);
    /// let shadow = shop.shadow().unwrap();
    /// assert_eq!(shadow.snapshot.state, State::Open);
    /// assert_eq!((shadow.passed, shadow.saved, shadow.lost), (2, 2, 0));
    /// # Ok::<(), fusebox::ShadowRefused>(())
    /// ```
    pub fn set_shadow(&self, settings: Option<BreakerSettings>) -> Result<(), ShadowRefused> {
        let shadow = &self.cell.shadow;
        if let Some(settings) = settings {
            if settings.pack()[2] != self.settings().pack()[2] {
                return Err(ShadowRefused);
            }
            shadow.begin(settings, self.cell.rejections.get());
        } else {
            shadow.end();
        }
        self.cell.mark.set_shadowed(settings.is_some());
        self.cell.watch();
        Ok(())
    }

    /// Returns what the shadow of this breaker would have done, if it has one.
    #[must_use]
    pub fn shadow(&self) -> Option<ShadowReading> {
        let shadow = &self.cell.shadow;
        let settings = shadow.settings(self.settings())?;
        let since = shadow.since.load(Ordering::Relaxed);
        let rejections = self.cell.rejections.get();
        let word = shadow.word.load::<Shade>().0;
        Some(ShadowReading {
            settings,
            snapshot: Snapshot::of(word, shadow.history.get()),
            lost: shadow.lost.get(),
            saved: shadow.saved.get(),
            passed: shadow.passed.get(),
            unknown: rejections.wrapping_sub(since) & TURNED_AWAY,
            openings: u32::try_from(since >> OPENING).unwrap_or(0), // 24 bits
        })
    }
}

impl<C: Clock, O: Observer> CircuitBreaker<C, O> {
    /// Shows the end of a call to the shadow.
    #[cold]
    #[inline(never)]
    pub(super) fn show(&self, call: Ended) {
        if let Some(settings) = self.cell.shadow.settings(self.cell.load()) {
            self.cell.shadow.heed(call, settings, || self.salt());
        }
    }

    /// Shows it the ends of a batch, unless they are not the breaker's business.
    #[cold]
    #[inline(never)]
    pub(super) fn show_batch(&self, outcomes: impl Iterator<Item = Outcome>, spared: bool) {
        if bypass::breaker(|| self.cell.name()) {
            return;
        }
        let now = self.clock.now();
        for outcome in outcomes {
            let spared = spared && outcome == Outcome::Overload;
            self.show(Ended { outcome, spared, took: None, now });
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
        time::ManualClock,
    };

    proptest! {
        /// Memory that is shared can hold anything.
        #[test]
        fn any_bits_in_any_of_the_words_are_harmless(
            words in prop::array::uniform5(prop_oneof![Just(0), any::<u64>()]),
            mark in any::<bool>(),
            now in prop_oneof![0..10_000_u64, any::<u64>()],
            failed in prop::collection::vec(any::<bool>(), 1..50),
        ) {
            let clock = ManualClock::new();
            clock.set(Tick::from_millis(now));
            let settings = BreakerConfig::new().failure_threshold(100).build();
            let breaker = CircuitBreaker::with(None, settings, &clock, DefaultObserver);
            let shadow = &breaker.cell.shadow;
            shadow.word.store(Bits(words[0]));
            shadow.wait.store(words[1], Ordering::Relaxed);
            shadow.rule.store(words[2], Ordering::Relaxed);
            shadow.history.set(crate::breaker::history::Last(words[3]));
            shadow.since.store(words[4], Ordering::Relaxed);
            breaker.cell.mark.set_shadowed(mark);
            breaker.cell.watch();
            for failed in failed {
                clock.advance(Duration::from_millis(7));
                let permit = breaker.try_acquire().unwrap();
                permit.report(if failed { Outcome::Failure } else { Outcome::Success });
                prop_assert_eq!(breaker.reading().shadow.is_some(), words[1] != 0);
            }
            breaker.set_shadow(None).unwrap();
            breaker.reset();
            prop_assert!(breaker.load().is_healthy(), "nothing is left to look into");
        }
    }
}
