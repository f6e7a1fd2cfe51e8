//! Where the calls of a set go: what its word may become next.
//!
//! | bits | field |
//! |---|---|
//! | 63..62 | home, away, or returning |
//! | 61 | the set panics |
//! | 60 | something is spent of a budget |
//! | 59..54 | away: the member at which sticky calls stay; 0 is none |
//! | 53..50 | unused |
//! | 49..40 | away: the generation of that member's breaker; returning: that of the home's |
//! | 39..0 | returning: the tick at which that began |
//!
//! A set whose calls all go home, and have not spilled for a while, is 0.

use crate::{failover::settings::FailoverSettings, machine, observe::FailoverState, time::Tick};

/// Where calls go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Course(u64);

const AWAY: u64 = 1 << 62;
const RETURNING: u64 = 2 << 62;
const MODE: u64 = 3 << 62;
const PANIC: u64 = 1 << 61;
const SPENT: u64 = 1 << 60;
const AT: u32 = 54;
const GENERATION: u32 = 40;
const GENERATION_MASK: u64 = (1 << 10) - 1;

/// The most members: the word has six bits for one.
pub(super) const MOST: usize = 1 << (60 - AT);

/// What a share is a part of.
pub(super) const WHOLE: u64 = 1 << 32;

impl Course {
    /// All is well.
    pub(super) const HOME: Self = Self(0);

    #[inline]
    pub(super) const fn is_calm(self) -> bool {
        self.0 == 0
    }

    pub(super) const fn is_away(self) -> bool {
        self.0 & MODE == AWAY
    }

    pub(super) const fn is_returning(self) -> bool {
        self.0 & MODE == RETURNING
    }

    pub(super) const fn panics(self) -> bool {
        self.0 & PANIC != 0
    }

    pub(super) const fn state(self) -> FailoverState {
        if self.panics() {
            FailoverState::Panic
        } else if self.is_away() {
            FailoverState::Away
        } else if self.is_returning() {
            FailoverState::Returning
        } else {
            FailoverState::Home
        }
    }

    /// The member at which sticky calls stay.
    #[allow(clippy::cast_possible_truncation)] // six bits
    pub(super) const fn at(self) -> Option<usize> {
        match (self.0 >> AT) as usize % MOST {
            0 => None,
            _ if !self.is_away() => None,
            at => Some(at),
        }
    }

    #[allow(clippy::cast_possible_truncation)] // ten bits
    pub(super) const fn generation(self) -> u16 {
        (self.0 >> GENERATION & GENERATION_MASK) as u16
    }

    /// Without what only one mode has.
    const fn kept(self) -> u64 {
        self.0 & PANIC
    }

    /// Calls go elsewhere, as the home is down. A set that is away already stays so.
    pub(super) const fn away(self) -> Self {
        if self.is_away() { self } else { Self(self.kept() | AWAY | SPENT) }
    }

    /// Calls stay at this member, for as long as its breaker is of this generation.
    pub(super) const fn stays_at(self, at: usize, generation: u16) -> Self {
        let of = (generation as u64 & GENERATION_MASK) << GENERATION;
        Self(self.kept() | AWAY | SPENT | (at as u64) << AT | of)
    }

    /// The home is back, of this generation: its share of the calls grows from now on. A
    /// return that is under way goes on, unless the home was down meanwhile.
    pub(super) const fn returning(self, generation: u16, now: Tick) -> Self {
        if self.is_returning() && self.generation() == generation {
            return self;
        }
        let of = (generation as u64 & GENERATION_MASK) << GENERATION;
        Self(self.kept() | RETURNING | SPENT | of | now.as_millis() & Tick::MASK)
    }

    /// Calls go home, though budgets may not be full yet.
    pub(super) const fn home(self) -> Self {
        Self(self.kept() | SPENT)
    }

    /// Something is spent of a budget.
    pub(super) const fn spent(self) -> Self {
        Self(self.0 | SPENT)
    }

    /// All budgets are full.
    pub(super) const fn full(self) -> Self {
        if self.0 == SPENT { Self::HOME } else { self }
    }

    pub(super) const fn with_panic(self, panics: bool) -> Self {
        Self(if panics { self.0 | PANIC } else { self.0 & !PANIC | SPENT })
    }

    /// The share that the home takes of the calls, in parts of [`WHOLE`], less than all;
    /// `None` where it takes all of them.
    pub(super) const fn share(self, now: Tick, settings: FailoverSettings) -> Option<u64> {
        #[allow(clippy::cast_possible_truncation)] // an hour at most
        let over = settings.return_over().as_millis() as u64;
        let passed = now.signed_since(Tick::from_millis(self.0 & Tick::MASK));
        // Of a clock that stepped back, the ramp begins where it was.
        let passed = if passed < 0 { 0 } else { passed.unsigned_abs() };
        if passed >= over {
            return None;
        }
        // Rounded up, so that a tenth is each tenth call.
        let from = (settings.return_from() as u64 * WHOLE).div_ceil(100);
        let share = from + ((WHOLE - from) * passed).div_ceil(over);
        if share < WHOLE { Some(share) } else { None }
    }
}

impl machine::Word for Course {
    crate::machine::bits!();

    #[cfg(fusebox_loom)]
    fn is_torn(self, _: Self) -> bool {
        crate::sync::planted!(MovedByStore)
    }
}

/// Which calls of a share go home, evenly spread: the lower half is the fraction of a call
/// that is left over, the upper one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turns(u64);

impl Turns {
    /// Whether the call is one of the share, where the word was this before the share was
    /// added.
    pub(super) const fn takes(self, share: u64) -> bool {
        self.0 % WHOLE + share >= WHOLE
    }

    /// Whose turn it is.
    #[allow(clippy::cast_possible_truncation)] // less than `of`
    pub(super) const fn of(self, of: usize) -> usize {
        (self.0 / WHOLE % of as u64) as usize
    }
}

impl machine::Word for Turns {
    crate::machine::bits!();
}
