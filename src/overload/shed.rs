//! How much load a service does not answer, and which share of the calls is shed for it:
//! the rule, without atomics.
//!
//! | bits | field |
//! |---|---|
//! | 63..49 | the share of all attempts that were not answered, lately |
//! | 48..40 | for how many milliseconds no call had been too many, at most 511 |
//! | 39..0 | the tick at which it was that |
//!
//! An attempt that was shed was not answered, either. So where a service answers half of
//! what is asked of it, the share is a half, however many are shed. This is the throttling
//! of clients in "Handling overload", in Google's book on site reliability, with three
//! differences: errors that are not from load count as answered; the mean is an
//! exponential one, so it is one number; and how much more is admitted than is answered
//! depends on whether any call was too many of late.
//!
//! A call that was admitted stands for `1 / (1 - p)` attempts, where `p` is the share that
//! is shed: so nobody needs to count those.

use super::{ALL, MENDS};
use crate::{machine, time::Tick};

/// What is not answered, and when that was so. 0 is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shed(u64);

/// Calls that ended since that moment: how many were answered (32 bits), and how many
/// were too many for the service (32 bits).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ended(pub(crate) u64);

/// A share of all attempts, in 2^-15.
const WHOLE: u64 = 1 << 15;
const MISSING: u32 = 49;

const QUIET: u32 = Tick::BITS;
const QUIET_MAX: u64 = (1 << (MISSING - QUIET)) - 1;

/// So many attempts weigh as much as all that came before.
const ATTEMPTS: u64 = 32;
/// So much time at least goes by meanwhile, in milliseconds: what a call meets, it tells
/// when it ends, so the mean must not move much faster than calls do.
const MEMORY: u64 = 256;
/// The mean is computed at most once in so many milliseconds.
const EACH: u64 = 8;
/// After so many milliseconds without a report, somebody tries.
const SILENCE: u64 = 1_024;
/// So small a share is nothing.
const LITTLE: u64 = WHOLE / 64;

/// The most that may be shed, in percent: a trickle always passes.
const MOST: u64 = 99;

/// The load that is admitted, in tenths of what the service answers: a little more, so
/// that it is noticed when it answers more.
const TENTHS: u64 = 11;
/// After so many milliseconds in which no call was too many, the service has room.
const ROOMY: u64 = 500;
/// Then much more is admitted, so that it soon is all.
const ROOMY_TENTHS: u64 = 20;

impl Ended {
    pub(crate) const fn new(answered: u64, overloaded: u64) -> Self {
        Self(answered << 32 | overloaded)
    }

    const fn counts(self) -> (u64, u64) {
        (self.0 >> 32, self.0 & u32::MAX as u64)
    }
}

impl Shed {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) const fn is_none(self) -> bool {
        self.0 == 0
    }

    const fn new(missing: u64, quiet: u64, now: Tick) -> Self {
        Self(missing << MISSING | quiet << QUIET | now.as_millis() & Tick::MASK)
    }

    /// The milliseconds since it was so; `None` where that lies ahead, and is not waited
    /// for.
    const fn elapsed(self, now: Tick) -> Option<u64> {
        let elapsed = now.signed_since(Tick::from_millis(self.0 & Tick::MASK));
        if elapsed <= -MENDS {
            None
        } else if elapsed < 0 {
            Some(0)
        } else {
            Some(elapsed.unsigned_abs())
        }
    }

    /// The share that is not answered now: with nothing to be heard, it halves each
    /// second.
    const fn missing(self, now: Tick) -> u64 {
        let missing = self.0 >> MISSING;
        match self.elapsed(now) {
            Some(elapsed) if elapsed / SILENCE < 15 => missing >> (elapsed / SILENCE),
            Some(_) => 0,
            None => missing,
        }
    }

    /// The milliseconds in which no call was too many until now.
    const fn quiet(self, now: Tick) -> u64 {
        let before = self.0 >> QUIET & QUIET_MAX;
        match self.elapsed(now) {
            Some(elapsed) if elapsed < QUIET_MAX - before => before + elapsed,
            Some(_) => QUIET_MAX,
            None => before,
        }
    }

    /// Whether the mean is to be computed.
    pub(crate) const fn is_due(self, now: Tick) -> bool {
        match self.elapsed(now) {
            Some(elapsed) => self.is_none() || elapsed >= EACH,
            None => true,
        }
    }

    /// Whether nothing was heard for so long that somebody tries.
    pub(crate) const fn is_silent(self, now: Tick) -> bool {
        match self.elapsed(now) {
            Some(elapsed) => elapsed >= SILENCE,
            None => true,
        }
    }

    /// Somebody tries now, and others wait for what comes of it.
    pub(crate) const fn tried(self, now: Tick) -> Self {
        Self::new(self.missing(now), self.quiet(now), now)
    }

    /// The share of the calls that is admitted now, where at most so many percent may be
    /// shed.
    pub(crate) const fn keeps(self, now: Tick, most: u64) -> u64 {
        let tenths = if self.quiet(now) < ROOMY { TENTHS } else { ROOMY_TENTHS };
        let answered = WHOLE - self.missing(now);
        let keeps = answered * (ALL / WHOLE) * tenths / 10;
        let least = least(most);
        if keeps > ALL {
            ALL
        } else if keeps < least {
            least
        } else {
            keeps
        }
    }

    /// Whether as much is shed as may be.
    pub(crate) const fn is_at_most(self, now: Tick, most: u64) -> bool {
        self.keeps(now, most) == least(most)
    }

    /// With calls that ended.
    pub(crate) const fn with(self, ended: Ended, now: Tick, most: u64) -> Self {
        let (answered, overloaded) = ended.counts();
        let calls = answered + overloaded;
        if calls == 0 {
            return self;
        }
        let keeps = self.keeps(now, most);
        // The attempts that they stand for, as a share of those that matter.
        let some = if calls < ATTEMPTS { calls } else { ATTEMPTS };
        let heavy = some * ALL * ALL / (ATTEMPTS * keeps);
        let elapsed = match self.elapsed(now) {
            Some(elapsed) if !self.is_none() && elapsed < MEMORY => elapsed,
            _ => MEMORY,
        };
        let long = elapsed * ALL / MEMORY;
        let weight = if heavy < long { heavy } else { long };
        let of_late = WHOLE - keeps * answered / calls / (ALL / WHOLE);
        let missing = (self.missing(now) * (ALL - weight) + of_late * weight) / ALL;
        let quiet = if overloaded > 0 { 0 } else { self.quiet(now) };
        if missing < LITTLE {
            Self::NONE
        } else if missing < WHOLE {
            Self::new(missing, quiet, now)
        } else {
            Self::new(WHOLE - 1, quiet, now)
        }
    }

    /// Whether there is nothing left of it.
    pub(crate) const fn is_over(self, now: Tick) -> bool {
        self.missing(now) < LITTLE
    }

    /// As if it were so as of now.
    pub(crate) const fn restamped(self, now: Tick) -> Self {
        if self.is_none() {
            self
        } else {
            Self(self.0 & !Tick::MASK | now.as_millis() & Tick::MASK)
        }
    }
}

impl Shed {
    /// As if the clock had stepped by so many milliseconds.
    pub(crate) const fn stepped(self, by: i64) -> Self {
        self.restamped(Tick::from_millis((self.0 & Tick::MASK).wrapping_sub(by.cast_unsigned())))
    }
}

/// The share that is admitted at least, where at most so many percent may be shed. A
/// foreign writer's settings may shed more than all.
const fn least(most: u64) -> u64 {
    ALL - ALL * (if most < MOST { most } else { MOST }) / 100
}

impl machine::Word for Shed {
    crate::machine::bits!();

    #[cfg(fusebox_loom)]
    fn is_torn(self, _: Self) -> bool {
        crate::sync::planted!(ShedByStore)
    }
}

impl machine::Word for Ended {
    crate::machine::bits!();
}
