//! The memory of one breaker: plain atomics of a fixed layout.

mod published;

#[cfg(not(fusebox_compact))]
use crate::{
    breaker::{advice::Advised, ahead::Ahead, mix::Mix, shadow::Shadow},
    callers::words::CallerWords,
    drill::memory::Drilled,
    learn::words::Words as Learned,
    overload::gate::Gate,
    sync::{Ordering, fence},
};
use crate::{
    breaker::{
        history::History,
        mark::Mark,
        opened::Opened,
        settings::BreakerSettings,
        word::{Word, attends},
    },
    label::Label,
    machine::Machine,
    name::Name,
    observe::{Counter, Noted, Tally},
    sync::{AtomicU64, const_fn, planted},
};

/// 512 bytes in eight cache lines: what decisions read; what failures, rejections
/// and the like count; the last calls and the text of the last error; the name; what
/// calls write while load is shed or let back; what is learned, and what somebody
/// watches. A call reads the first one alone. The alignment keeps neighbours in an array
/// from sharing a line, and the pair of lines that x86-64 fetches together.
///
/// Under `cfg(fusebox_compact)`, 32 bytes: the counters have no size, nor has the
/// text, the name has one word, and no other core shares a line.
#[derive(Debug)]
#[repr(C)]
#[cfg_attr(not(fusebox_compact), repr(align(128)))]
#[cfg_attr(fusebox_compact, repr(align(32)))]
pub(crate) struct Cell {
    pub(crate) word: Machine,
    /// The first word of the settings: how the breaker waits.
    wait: Machine,
    /// The second: the rule by which it opens.
    #[cfg(not(fusebox_compact))]
    rule: Machine,
    /// The third: what it does about load.
    #[cfg(not(fusebox_compact))]
    load: Machine,
    /// The hash of the name; 0 in a slot that nobody claimed, and in an owned
    /// breaker without a name.
    pub(crate) key: AtomicU64,
    pub(crate) mark: Mark,
    /// What others say of the service.
    #[cfg(not(fusebox_compact))]
    pub(crate) advised: Machine,
    /// Which calls a closed breaker admits, where not all.
    #[cfg(not(fusebox_compact))]
    pub(crate) gate: Machine,
    pub(crate) failures: Counter,
    pub(crate) rejections: Counter,
    pub(crate) openings: Counter,
    /// Those that were admitted, where the observer asks for it.
    pub(crate) calls: Counter,
    pub(crate) tally: Tally,
    /// Calls that took too long, where the settings have a limit.
    pub(crate) slow: Counter,
    pub(crate) history: History,
    pub(crate) noted: Noted,
    pub(crate) name: Label,
    pub(crate) opened: Opened,
    /// How the breaker lets calls back.
    #[cfg(not(fusebox_compact))]
    pub(crate) ramp: Machine,
    /// How much load the service answers.
    #[cfg(not(fusebox_compact))]
    pub(crate) shed: Machine,
    /// Calls that were turned away while the breaker was closed.
    pub(crate) sheds: Counter,
    /// Calls that ended, of which `shed` does not know yet.
    #[cfg(not(fusebox_compact))]
    pub(crate) ended: Machine,
    /// Whose turn it is, where a share is admitted.
    #[cfg(not(fusebox_compact))]
    pub(crate) turns: Machine,
    /// What the calls were that came to the gate.
    #[cfg(not(fusebox_compact))]
    pub(crate) mix: Mix,
    /// What is learned of the service.
    #[cfg(not(fusebox_compact))]
    pub(crate) learned: Learned,
    /// What is foreseen of it.
    #[cfg(not(fusebox_compact))]
    pub(crate) ahead: Ahead,
    /// A drill, and what has come of it.
    #[cfg(not(fusebox_compact))]
    pub(crate) drilled: Drilled,
    /// A breaker of other settings that is fed with the same outcomes.
    #[cfg(not(fusebox_compact))]
    pub(crate) shadow: Shadow,
    /// Which breakers' calls call this one.
    #[cfg(not(fusebox_compact))]
    pub(crate) callers: CallerWords,
    /// The rest of the last line: zeros, for a word to come.
    spare: [u64; SPARE],
}

/// Words of the settings.
const KEPT: usize = if cfg!(fusebox_compact) { 1 } else { BreakerSettings::WORDS };

const SPARE: usize = if cfg!(fusebox_compact) { 0 } else { 1 };

impl Cell {
    const_fn! {
        /// A slot that nobody claimed.
        pub(crate) fn vacant() -> Self {
            Self::filled(0, [0; BreakerSettings::WORDS], Word::NEW, None)
        }
    }

    const_fn! {
        pub(crate) fn owned(key: u64, name: Option<Name>, settings: BreakerSettings) -> Self {
            let word = Word::NEW.attending(attends(settings));
            Self::filled(key, settings.pack(), word, name)
        }
    }

    const_fn! {
        fn filled(
            key: u64,
            settings: [u64; BreakerSettings::WORDS],
            word: Word,
            name: Option<Name>,
        ) -> Self {
            Self {
                word: Machine::new(word.0),
                wait: Machine::new(settings[0]),
                #[cfg(not(fusebox_compact))]
                rule: Machine::new(settings[1]),
                #[cfg(not(fusebox_compact))]
                load: Machine::new(settings[2]),
                key: AtomicU64::new(key),
                mark: Mark::new(),
                #[cfg(not(fusebox_compact))]
                advised: Machine::new(0),
                #[cfg(not(fusebox_compact))]
                gate: Machine::new(0),
                failures: Counter::new(),
                rejections: Counter::new(),
                openings: Counter::new(),
                calls: Counter::new(),
                tally: Tally::new(),
                slow: Counter::new(),
                history: History::new(),
                noted: Noted::new(),
                name: Label::of(name),
                opened: Opened::new(),
                #[cfg(not(fusebox_compact))]
                ramp: Machine::new(0),
                #[cfg(not(fusebox_compact))]
                shed: Machine::new(0),
                sheds: Counter::new(),
                #[cfg(not(fusebox_compact))]
                ended: Machine::new(0),
                #[cfg(not(fusebox_compact))]
                turns: Machine::new(0),
                #[cfg(not(fusebox_compact))]
                mix: Mix::new(),
                #[cfg(not(fusebox_compact))]
                learned: Learned::new(BreakerSettings::unpack(settings).learns()),
                #[cfg(not(fusebox_compact))]
                ahead: Ahead::new(),
                #[cfg(not(fusebox_compact))]
                drilled: Drilled::new(),
                #[cfg(not(fusebox_compact))]
                shadow: Shadow::new(),
                #[cfg(not(fusebox_compact))]
                callers: CallerWords::new(),
                spare: [0; SPARE],
            }
        }
    }

    /// Sets the bit of attention of a closed breaker, or takes it away: whether
    /// there is anything in the slot that a call must look into.
    pub(crate) fn attend(&self) {
        if cfg!(fusebox_compact) {
            return; // there never is anything
        }
        #[cfg(not(fusebox_compact))]
        self.learned.step_latency(|latency| latency.looked_at(self.load().learns()));
        let mut word = self.word.load::<Word>();
        loop {
            let needed = attends(self.settings())
                || self.learns()
                || !self.history.get().is_clear()
                || self.mark.is_set()
                || self.is_advised()
                || self.has_gate();
            let to = word.attending(needed);
            let done = if to == word {
                // Written even so: whoever takes the bit away after that, or closes the
                // breaker, sees what made it needed. And where it is needed by nobody,
                // there is nothing to be seen.
                !needed || self.word.confirm(word).is_ok()
            } else {
                let step =
                    self.word.step(word, |now: Word| (if now == word { to } else { now }, ()));
                // Whoever took it away looks again, for what came meanwhile.
                step.to == to && (needed || planted!(WindowNotLookedAtAgain))
            };
            if done {
                return;
            }
            word = self.word.load();
        }
    }

    /// Whether what calls foretell is looked at.
    #[cfg(not(fusebox_compact))]
    #[inline]
    pub(crate) fn looks_ahead(&self) -> bool {
        self.load().looks_ahead()
    }

    /// Whether a call that the gate admits may have more to look into: one test for all
    /// that there is.
    #[cfg(not(fusebox_compact))]
    #[inline]
    pub(crate) fn may_look(&self) -> bool {
        // The default rule has no limit either, as a word that is not published.
        let limit = BreakerSettings::SLOW_CALL & self.rule.load::<crate::machine::Bits>().0;
        limit | self.mark.bits() | self.learned.latency_bits() != 0
    }

    /// Whether the end of a call is heard by more than the breaker's word: one test for
    /// whoever records it or learns from it.
    #[cfg(not(fusebox_compact))]
    #[inline]
    pub(crate) fn listens(&self) -> bool {
        self.mark.bits() | self.learned.latency_bits() != 0
    }

    /// Whether calls are timed to be learned from.
    #[cfg(not(fusebox_compact))]
    #[inline]
    pub(crate) fn learns(&self) -> bool {
        self.learned.are_looked_at()
    }

    /// Whether a closed breaker admits every call.
    #[cfg(not(fusebox_compact))]
    #[inline]
    pub(crate) fn admits_all(&self) -> bool {
        self.gate.load::<Gate>().is_open()
    }

    /// Whether somebody watches this breaker's calls: a drill, a shadow, whoever draws the
    /// map.
    #[cfg(not(fusebox_compact))]
    pub(crate) fn needs_watch(&self) -> bool {
        self.callers.learns() || self.drilled.is_set() || self.shadow.is_set()
    }

    /// Somebody has begun to watch this breaker's calls, or does so no more.
    #[cfg(not(fusebox_compact))]
    pub(crate) fn watch(&self) {
        loop {
            let gate = self.gate.load::<Gate>();
            let needed = self.needs_watch();
            let to = gate.watched(needed);
            // Written even where it is watched already: whoever takes that away afterwards
            // sees why it is needed. And whoever took it away looks again.
            let done = if to == gate {
                !needed || self.gate.confirm(gate).is_ok()
            } else {
                self.gate.replace(gate, to)
            };
            if done && (needed || planted!(WatchNotLookedAtAgain) || !self.needs_watch()) {
                break;
            }
        }
        self.attend();
    }

    /// Whether a closed breaker may not admit every call, or somebody watches.
    #[cfg(not(fusebox_compact))]
    #[inline]
    pub(crate) fn has_gate(&self) -> bool {
        !self.gate.load::<Gate>().is_clear()
    }

    /// The same for a call that has just seen attention.
    #[cfg(not(fusebox_compact))]
    #[inline]
    pub(crate) fn meets_gate(&self) -> bool {
        self.meets_gate_or(Word::NEW)
    }

    /// The same, or whether the word that was seen has a score.
    #[cfg(not(fusebox_compact))]
    #[inline]
    pub(crate) fn meets_gate_or(&self, seen: Word) -> bool {
        // The word was loaded relaxed. Whoever closed the breaker wrote the ramp and the
        // gate before that, and a call that sees the one sees the others.
        if !planted!(GateSeenLate) {
            fence(Ordering::Acquire);
        }
        self.gate.load::<crate::machine::Bits>().0 | seen.score_bits() != 0
    }

    /// Whether others say something of the service, or did.
    #[cfg(not(fusebox_compact))]
    fn is_advised(&self) -> bool {
        !self.advised.load::<Advised>().is_none()
    }

    /// The name, as far as it is published.
    pub(crate) fn name(&self) -> Name {
        self.name.get()
    }
}

/// A compact slot has room for none of it.
#[cfg(fusebox_compact)]
#[allow(clippy::unused_self)] // as the other's
impl Cell {
    #[inline]
    pub(crate) const fn listens(&self) -> bool {
        false
    }

    #[inline]
    pub(crate) const fn learns(&self) -> bool {
        false
    }

    #[inline]
    pub(crate) const fn admits_all(&self) -> bool {
        true
    }

    #[inline]
    pub(crate) const fn has_gate(&self) -> bool {
        false
    }

    #[inline]
    pub(crate) const fn meets_gate_or(&self, seen: Word) -> bool {
        seen.score_bits() != 0
    }

    const fn is_advised(&self) -> bool {
        false
    }
}
