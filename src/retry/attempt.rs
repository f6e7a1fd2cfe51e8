//! What a call may know about the attempts before it.

use core::time::Duration;

/// An attempt of a retried call: its number, its time, and the error before it.
#[derive(Debug)]
pub struct Attempt<'a, E> {
    pub(crate) number: u32,
    pub(crate) elapsed: Duration,
    pub(crate) previous: Option<&'a E>,
}

impl<'a, E> Attempt<'a, E> {
    pub(crate) const FIRST: Self = Self { number: 1, elapsed: Duration::ZERO, previous: None };

    /// The first attempt of a retry inside another: what failed before is still
    /// to be seen.
    pub(crate) const fn restarted(self) -> Self {
        Self { previous: self.previous, ..Self::FIRST }
    }

    /// Returns the number of the attempt, from 1.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// Returns the time since the first attempt began, by the retry's clock, in
    /// whole milliseconds.
    #[must_use]
    pub const fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// Returns the error of the attempt before; `None` in the first.
    #[must_use]
    pub const fn previous(&self) -> Option<&'a E> {
        self.previous
    }
}

// Not derived: that would ask for `E: Clone`.
impl<E> Clone for Attempt<'_, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for Attempt<'_, E> {}
