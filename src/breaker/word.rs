//! The rules: what a breaker's word may become next.
//!
//! Total, pure functions of the word, the settings, the time and what
//! happened. No atomics here: `machine.rs` runs these under a compare-and-swap.
//!
//! | bits | field | Closed | Open | half-open |
//! |---|---|---|---|---|
//! | 63..62 | state | 0 | 1 | 2 (3: Disabled) |
//! | 61..52 | generation | +1 at every change of state; wraps | same | same |
//! | 51 | attention | somebody has something to say: look into the slot | count | count |
//! | 50..40 | count | score | length of a trip (8), re-openings in a row (4) | re-openings (4), probes in flight (8) |
//! | 39..0 | stamp | last failure that added its whole weight | opening | probes that succeeded (8), low 32 bits of the last probe admitted or reported |
//!
//! A half-open word's moments are compared in 32 bits, which tell 24 days apart.
//!
//! A permit is a word of which only the state and the generation matter. One of a
//! call that is timed has the bit of attention, the moment at which the call began as
//! its stamp, and as its count the place where that was noted.

mod force;
mod report;
mod ticket;
mod wait;

pub(crate) use force::Forced;
pub(crate) use report::Report;

use crate::{
    breaker::settings::BreakerSettings,
    machine,
    state::{State, Verdict},
    sync::planted,
    time::Tick,
};

const STATE: u64 = 0b11 << 62;
const CLOSED: u64 = 0;
const OPEN: u64 = 1 << 62;
const HALF_OPEN: u64 = 2 << 62;
const DISABLED: u64 = 3 << 62;

const GENERATION: u64 = 0x3FF << 52;
const ONE_GENERATION: u64 = 1 << 52;

const COUNT: u64 = 0xFFF << 40;
const ONE: u64 = 1 << 40;
/// Of a closed word, or of a permit.
const ATTENTION: u64 = 1 << 51;
const SCORE: u64 = COUNT & !ATTENTION;
/// The widest count of re-openings.
const REOPENINGS_MAX: u64 = 0xF;
/// Above them in an open word: the length of a trip.
const LENGTH_SHIFT: u32 = 4;
/// The widest count of probes, in flight or succeeded.
const PROBES_MAX: u64 = 0xFF;
/// Below the probes that succeeded in a half-open word's stamp: a moment.
const MOMENT: u64 = 0xFFFF_FFFF;

const STAMP: u64 = Tick::MASK;
/// The stamp of a breaker that was forced open: it never elapses.
const FOREVER: u64 = STAMP;

/// A breaker's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word(pub(crate) u64);

/// What became of a request for a permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// So many calls are admitted under the word that the step leaves: all that
    /// were asked for, or as many probes as there were places.
    Admitted { calls: u64 },
    /// Turned away; the milliseconds left, unless it was forced open.
    Rejected { retry_after_ms: Option<u64> },
}

/// Whether a closed breaker with these settings looks into its slot at each call.
#[inline]
pub(crate) const fn attends(settings: BreakerSettings) -> bool {
    !cfg!(fusebox_compact) && (settings.slow_call_ms().is_some() || settings.learns())
}

/// The same of one that has just closed by itself: it may let calls back slowly.
#[inline]
pub(crate) const fn attends_at_first(settings: BreakerSettings) -> bool {
    attends(settings) || !cfg!(fusebox_compact) && settings.ramp_up_ms() != 0
}

/// What a half-open word counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Probes {
    pub(crate) reopenings: u64,
    pub(crate) in_flight: u64,
    pub(crate) succeeded: u64,
}

impl Probes {
    /// As the word's count and the upper bits of its stamp have it.
    const fn bits(self) -> u64 {
        (self.reopenings << 8 | self.in_flight) << 40 | self.succeeded << 32
    }
}

impl machine::Word for Word {
    crate::machine::bits!();

    #[cfg(fusebox_loom)]
    fn is_torn(self, next: Self) -> bool {
        (planted!(NonAtomicProbeCount) && next.admitted_after(self))
            || (planted!(ResetByStore)
                && self.is_closed()
                && next.is_closed()
                && self.score() > next.score())
    }
}

impl Word {
    /// A closed breaker with no failures.
    pub(crate) const NEW: Self = Self(0);

    /// Closed, no evidence against the service, and nobody has anything to say:
    /// nothing to write.
    #[inline]
    pub(crate) const fn is_healthy(self) -> bool {
        self.0 & STATE == CLOSED && self.0 & COUNT == 0
    }

    #[inline]
    pub(crate) const fn is_closed(self) -> bool {
        self.0 & STATE == CLOSED
    }

    /// Whether there is more in the slot of a closed breaker, or its permit is timed.
    #[inline]
    pub(crate) const fn either_attends(self, permit: Self) -> bool {
        Self(self.0 | permit.0).has_attention()
    }

    #[inline]
    pub(crate) const fn same_generation(self, other: Self) -> bool {
        (self.0 ^ other.0) & GENERATION == 0
    }

    /// The verdict on an outcome that changed nothing.
    #[inline]
    pub(crate) const fn verdict(self, permit: Self) -> Verdict {
        if self.same_generation(permit) { Verdict::Recorded } else { Verdict::Stale }
    }

    /// A word of the generation before, for a permit that holds no probe's
    /// place and changes nothing.
    pub(crate) const fn outdated(self) -> Self {
        Self(self.0.wrapping_sub(ONE_GENERATION) & GENERATION)
    }

    pub(crate) const fn state(self) -> State {
        match self.0 & STATE {
            CLOSED => State::Closed,
            OPEN if self.0 & STAMP == FOREVER => State::ForcedOpen,
            OPEN => State::Open,
            HALF_OPEN => State::HalfOpen,
            _ => State::Disabled,
        }
    }

    #[allow(clippy::cast_possible_truncation)] // ten bits
    pub(crate) const fn generation(self) -> u16 {
        ((self.0 & GENERATION) >> 52) as u16
    }

    pub(crate) const fn count(self) -> u64 {
        (self.0 & COUNT) >> 40
    }

    /// The score of a closed word.
    #[inline]
    pub(crate) const fn score(self) -> u64 {
        self.score_bits() >> 40
    }

    /// The same where it lies: to be compared with 0.
    #[inline]
    pub(crate) const fn score_bits(self) -> u64 {
        self.0 & SCORE
    }

    /// Of a closed word: whether there is more in the slot.
    #[inline]
    pub(crate) const fn has_attention(self) -> bool {
        !cfg!(fusebox_compact) && self.0 & ATTENTION != 0
    }

    /// Closed, and no evidence against the service, but there is more in the slot.
    #[inline]
    pub(crate) const fn is_attended(self) -> bool {
        !cfg!(fusebox_compact) && self.0 & (STATE | COUNT) == ATTENTION
    }

    /// With attention or without, where it is closed.
    pub(crate) const fn attending(self, attention: bool) -> Self {
        match self.0 & STATE {
            CLOSED => self.with(ATTENTION, if attention { ATTENTION } else { 0 }),
            _ => self,
        }
    }

    /// Of a half-open word, the low 32 bits of a tick.
    pub(crate) const fn stamp(self) -> Tick {
        let bits = if self.0 & STATE == HALF_OPEN { MOMENT } else { STAMP };
        Tick::from_millis(self.0 & bits)
    }

    /// The milliseconds since its stamp, in wrapping arithmetic; negative when
    /// the clock stepped back.
    #[inline]
    #[allow(clippy::cast_possible_truncation)] // the low bits of a moment
    pub(crate) const fn elapsed(self, now: Tick) -> i64 {
        if self.0 & STATE == HALF_OPEN {
            (now.as_millis() as u32).wrapping_sub(self.0 as u32).cast_signed() as i64
        } else {
            now.signed_since(Tick::from_millis(self.0 & STAMP))
        }
    }

    /// The failed probes in a row of an open word.
    pub(crate) const fn reopenings(self) -> u64 {
        self.count() & REOPENINGS_MAX
    }

    /// The code of an open word's length, if it was tripped for one.
    pub(crate) const fn length(self) -> u64 {
        self.count() >> LENGTH_SHIFT
    }

    pub(crate) const fn probes(self) -> Probes {
        let count = self.count();
        Probes {
            reopenings: count >> 8,
            in_flight: count & PROBES_MAX,
            succeeded: self.0 >> 32 & PROBES_MAX,
        }
    }

    /// A call asks for a permit; `now` is read after this word was loaded, and
    /// `salt` is the breaker's own, for its jitter. So many milliseconds of `grace` it
    /// leaves to others before it becomes a probe.
    pub(crate) fn admit(
        self,
        settings: BreakerSettings,
        now: Tick,
        salt: impl FnOnce() -> u64,
        calls: u64,
        grace: u64,
    ) -> (Self, Admission) {
        match self.state() {
            State::Closed | State::Disabled => (self, Admission::Admitted { calls }),
            State::ForcedOpen => (self, Admission::Rejected { retry_after_ms: None }),
            State::Open => {
                let wait = self.wait_ms(settings, || self.draw(salt())) + grace;
                let calls = calls.min(settings.probes().into());
                let reopenings = self.reopenings();
                let first = Probes { reopenings, in_flight: calls, succeeded: 0 };
                let admitted = || self.entered(HALF_OPEN, 0).with_probes(first, now);
                self.admit_after(wait, now, admitted, calls)
            }
            State::HalfOpen => {
                let mut probes = self.probes();
                let free = u64::from(settings.probes()).saturating_sub(probes.in_flight);
                if free > 0 {
                    let calls = calls.min(free);
                    probes.in_flight += calls;
                    let admitted = || self.with_probes(probes, now);
                    if grace > 0 {
                        return self.admit_after(grace, now, admitted, calls);
                    }
                    return (admitted(), Admission::Admitted { calls });
                }
                // No probe came or reported for a whole timeout: one is lost,
                // and its place is this caller's. The generation stays, so it
                // still counts if it was only slow.
                let wait = if planted!(NoTakeover) {
                    u64::MAX
                } else {
                    settings.probe_timeout_ms() + grace
                };
                if planted!(TakeoverFreesAll) {
                    probes.in_flight = 1;
                }
                self.admit_after(wait, now, || self.with_probes(probes, now), 1)
            }
        }
    }

    /// Admits under `admitted` once `wait` has passed since this word's stamp.
    fn admit_after(
        self,
        wait: u64,
        now: Tick,
        admitted: impl FnOnce() -> Self,
        calls: u64,
    ) -> (Self, Admission) {
        let Ok(elapsed) = u64::try_from(self.elapsed(now)) else {
            // The clock stepped back, or leapt by half its range: no time has
            // passed, and from here on it counts anew, so that the wait ends.
            let restarted = self.with_moment(now);
            return (restarted, Admission::Rejected { retry_after_ms: Some(wait) });
        };
        match wait.checked_sub(elapsed) {
            None | Some(0) => (admitted(), Admission::Admitted { calls }),
            left => (self, Admission::Rejected { retry_after_ms: left }),
        }
    }

    /// Whether this word is what the admission of a probe makes of `earlier`.
    #[cfg(fusebox_loom)]
    fn admitted_after(self, earlier: Self) -> bool {
        let in_flight = |word: Self| match word.state() {
            State::HalfOpen => word.probes().in_flight,
            _ => 0,
        };
        in_flight(self) > in_flight(earlier)
    }

    /// As another breaker was, by hand: in a generation of its own.
    #[cfg(not(fusebox_compact))]
    pub(crate) const fn resumed(self, other: Self) -> Self {
        other.with(GENERATION, self.0.wrapping_add(ONE_GENERATION) & GENERATION)
    }

    /// The clock has begun anew; whoever waits for nothing keeps its stamp.
    pub(crate) const fn restamp(self, now: Tick) -> Self {
        match self.state() {
            State::Closed | State::Open | State::HalfOpen => self.with_moment(now),
            State::ForcedOpen | State::Disabled => self,
        }
    }

    /// The same as if its clock had stepped by so many milliseconds.
    #[cfg(not(fusebox_compact))]
    pub(crate) const fn stepped(self, by: i64) -> Self {
        let moment = (self.0 & STAMP).wrapping_sub(by.cast_unsigned());
        self.restamp(Tick::from_millis(moment))
    }

    /// A probe failed.
    const fn reopened(self, now: Tick) -> Self {
        let reopenings = self.probes().reopenings;
        let more = if reopenings < REOPENINGS_MAX { reopenings + 1 } else { REOPENINGS_MAX };
        self.enter(OPEN, more, now)
    }

    /// Another state and the next generation; the stamp stays.
    const fn entered(self, state: u64, count: u64) -> Self {
        let generation = self.0.wrapping_add(ONE_GENERATION) & GENERATION;
        self.with(STATE, state).with(GENERATION, generation).with_count(count)
    }

    const fn enter(self, state: u64, count: u64, now: Tick) -> Self {
        self.entered(state, count).with_stamp(now)
    }

    const fn with_count(self, count: u64) -> Self {
        self.with(COUNT, count * ONE)
    }

    const fn with_score(self, score: u64) -> Self {
        self.with(SCORE, score * ONE)
    }

    const fn with_probes(self, probes: Probes, now: Tick) -> Self {
        self.with(COUNT | STAMP, probes.bits() | now.as_millis() & MOMENT)
    }

    /// With another moment in its stamp.
    const fn with_moment(self, now: Tick) -> Self {
        if self.0 & STATE == HALF_OPEN {
            self.with(MOMENT, now.as_millis() & MOMENT)
        } else {
            self.with_stamp(now)
        }
    }

    const fn with_stamp(self, now: Tick) -> Self {
        let mut stamp = now.as_millis() & STAMP;
        if stamp == FOREVER {
            // Once in 34 years a moment looks like "for ever": one tick less.
            stamp -= 1;
        }
        self.with(STAMP, stamp)
    }

    /// With other bits in a field.
    const fn with(self, field: u64, bits: u64) -> Self {
        Self(self.0 & !field | bits)
    }
}
