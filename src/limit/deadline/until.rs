//! A deadline with the clock that measures it.

use core::{fmt, time::Duration};

#[cfg(feature = "std")]
use crate::limit::deadline::scope;
use crate::{
    bypass,
    error::{LimitKind, Limited},
    limit::deadline::deadline::Deadline,
    name::{self, Name},
    observe::{DefaultObserver, Event, Observer},
    time::Clock,
};

/// A [`Deadline`] with the clock that measures it. [`Deadline::on`] makes it.
#[derive(Clone, Copy)]
pub struct Until<'c> {
    deadline: Deadline,
    clock: &'c (dyn Clock + Sync),
}

impl<'c> Until<'c> {
    pub(crate) const fn new<C: Clock + Sync>(deadline: Deadline, clock: &'c C) -> Self {
        Self { deadline, clock }
    }

    /// Returns the deadline.
    #[must_use]
    pub const fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// Returns the time that is left: zero where the deadline is over, and
    /// [`Duration::MAX`] where there is none.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.deadline.remaining(self.clock)
    }

    /// The earlier of two, which may be on two clocks.
    pub(crate) fn earlier_of(self, other: Option<Self>) -> Self {
        match other {
            Some(other) if other.remaining() < self.remaining() => other,
            _ => self,
        }
    }

    /// Whether something that takes so long must not start.
    pub(crate) fn forbids(self, takes: Duration) -> bool {
        self.remaining() <= takes && !bypass::limits()
    }

    /// Whether a call may be made: it is not where the deadline is over.
    #[inline]
    pub(crate) fn admit(self) -> Result<(), Limited> {
        if self.forbids(Duration::ZERO) { Err(over()) } else { Ok(()) }
    }
}

/// What holds for a call: its own deadline, or that of the scope around it, whichever is
/// earlier. To be asked where a call has failed, or waits.
#[cfg(feature = "std")]
pub(crate) fn in_force(own: Option<Until<'_>>) -> Option<Until<'_>> {
    match scope::current() {
        Some(around) => Some(around.earlier_of(own)),
        None => own,
    }
}

/// What holds for a call: its own deadline.
#[cfg(not(feature = "std"))]
pub(crate) const fn in_force(own: Option<Until<'_>>) -> Option<Until<'_>> {
    own
}

/// Whether what takes so long must not start, by the deadline in force.
pub(crate) fn forbids(own: Option<Until<'_>>, takes: Duration) -> bool {
    in_force(own).is_some_and(|until| until.forbids(takes))
}

/// A call was not made, as its deadline is over.
#[cold]
#[inline(never)]
fn over() -> Limited {
    let nameless = Name::from_words([0; name::WORDS]);
    let limited = Limited::of(nameless, LimitKind::Deadline, None);
    DefaultObserver.on_event(&Event::Limited(&limited));
    limited
}

/// It is measured by the clock of the host.
#[cfg(feature = "std")]
impl From<Deadline> for Until<'_> {
    fn from(deadline: Deadline) -> Self {
        deadline.on(&crate::time::StdClock)
    }
}

impl fmt::Debug for Until<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let remaining = self.remaining();
        f.debug_struct("Until").field("remaining", &remaining).finish_non_exhaustive()
    }
}
