//! The moment itself: see [`Deadline`].

use core::time::Duration;

use crate::{
    limit::deadline::until::Until,
    time::{Clock, Tick},
};

/// A moment by which an answer must be there.
///
/// It is a `Copy` value that is handed from call to call, so that all who work for one
/// request know how much time is left. What cannot end before the deadline does not
/// start: no attempt, no delay of a retry, no hedge, no layer of a fallback. A call that
/// is under way is not stopped by it; a timeout does that, and is shortened to what
/// remains.
///
/// A deadline is a moment of one clock, in nanoseconds since the clock's origin
/// ([`Clock::elapsed`]), and means nothing on a clock with another origin. Between hosts
/// the time that remains is sent, never the moment. If the clock steps back, the deadline
/// is as much further away.
///
/// ```
/// use core::time::Duration;
/// use fusebox::{Deadline, ManualClock};
///
/// const MS: Duration = Duration::from_millis(1);
/// let clock = ManualClock::new();
/// let deadline = Deadline::after(100 * MS, &clock);
/// clock.advance(70 * MS);
/// assert_eq!(deadline.remaining(&clock), 30 * MS);
/// assert!(deadline.allows(29 * MS, &clock) && !deadline.allows(30 * MS, &clock));
/// clock.advance(30 * MS);
/// assert!(deadline.is_over(&clock));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Deadline {
    /// Nanoseconds since the clock's origin. The last ones are never.
    at: u64,
}

impl Deadline {
    /// No deadline: it is never over, and any other is earlier.
    pub const NEVER: Self = Self { at: u64::MAX };

    /// The deadline that is so long from now, by `clock`. One that is more than 584 years
    /// after the clock's origin is [`NEVER`](Self::NEVER).
    #[must_use]
    pub fn after<C: Clock + ?Sized>(wait: Duration, clock: &C) -> Self {
        Self::at(clock.elapsed().saturating_add(wait))
    }

    /// The deadline that is so long from now, by the clock of the host.
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{Deadline, StdClock};
    ///
    /// let deadline = Deadline::within(Duration::from_secs(2));
    /// assert!(deadline.remaining(&StdClock) <= Duration::from_secs(2));
    /// ```
    #[cfg(feature = "std")]
    #[must_use]
    pub fn within(wait: Duration) -> Self {
        Self::after(wait, &crate::time::StdClock)
    }

    /// The deadline at a moment of a clock: so long after the clock's origin, as
    /// [`Clock::elapsed`] counts.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // checked
    pub const fn at(since_origin: Duration) -> Self {
        let nanos = since_origin.as_nanos();
        Self { at: if nanos > u64::MAX as u128 { u64::MAX } else { nanos as u64 } }
    }

    /// The deadline at a tick of a clock.
    #[must_use]
    pub const fn at_tick(tick: Tick) -> Self {
        Self { at: tick.as_millis().saturating_mul(1_000_000) }
    }

    /// Returns whether there is none: the deadline is [`NEVER`](Self::NEVER).
    #[must_use]
    pub const fn is_never(self) -> bool {
        self.at == u64::MAX
    }

    /// Returns the time that is left, by `clock`: zero where the deadline is over, and
    /// [`Duration::MAX`] where there is none.
    #[must_use]
    pub fn remaining<C: Clock + ?Sized>(self, clock: &C) -> Duration {
        if self.is_never() {
            return Duration::MAX;
        }
        Duration::from_nanos(self.at).saturating_sub(clock.elapsed())
    }

    /// Returns whether no time is left, by `clock`.
    #[must_use]
    pub fn is_over<C: Clock + ?Sized>(self, clock: &C) -> bool {
        !self.allows(Duration::ZERO, clock)
    }

    /// Returns whether something that takes so long ends before the deadline, by `clock`.
    /// What ends at the deadline does not end before it.
    #[must_use]
    pub fn allows<C: Clock + ?Sized>(self, takes: Duration, clock: &C) -> bool {
        self.remaining(clock) > takes
    }

    /// Returns the earlier one of two deadlines on the same clock.
    #[must_use]
    pub const fn earlier_of(self, other: Self) -> Self {
        if other.at < self.at { other } else { self }
    }

    /// Puts the deadline on the clock that measures it, for a call that has no other way
    /// to know: [`Pipeline::call_by`](crate::Pipeline::call_by), for example. Without
    /// this, it is measured by the clock of the host.
    #[must_use]
    pub const fn on<C: Clock + Sync>(self, clock: &C) -> Until<'_> {
        Until::new(self, clock)
    }
}
