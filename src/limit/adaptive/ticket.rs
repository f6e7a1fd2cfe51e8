//! A place under an adaptive limit, and what its call says of the service.

use crate::{
    limit::adaptive::adaptive_limit::AdaptiveLimit,
    observe::{DefaultObserver, Observer},
    time::{Clock, DefaultClock},
};

/// What a call says of how busy the service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Load {
    /// The service did what was asked, in its time.
    Served,
    /// The service had too much to do: it said so, or did not answer in time.
    Overloaded,
    /// Nothing: an error of the caller's, for instance, which comes faster than an answer.
    Unknown,
}

/// A place under an [`AdaptiveLimit`], held for as long as the call that needs it.
///
/// Its end says what the call says of the service. Dropped, it says nothing, and gives
/// its place back; so it does when the call panics.
#[derive(Debug)]
#[must_use = "a ticket that is dropped at once limits nothing"]
pub struct Ticket<'a, C: Clock = DefaultClock, O: Observer = DefaultObserver> {
    /// None once the place was given back.
    limit: Option<&'a AdaptiveLimit<C, O>>,
    timed: Option<Timed>,
}

/// A call whose time is taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timed {
    /// When it began, in microseconds of the limit's clock.
    pub(super) since: u64,
    /// Its time stands for that of 2 to this calls.
    pub(super) sampling: u32,
}

impl<'a, C: Clock, O: Observer> Ticket<'a, C, O> {
    /// That of a call that no limit counts.
    pub(super) const FREE: Self = Self { limit: None, timed: None };

    #[inline]
    pub(super) const fn new(limit: &'a AdaptiveLimit<C, O>, timed: Option<Timed>) -> Self {
        Self { limit: Some(limit), timed }
    }

    /// A ticket of these parts: the limit, if a place is to be given back, and when the
    /// call began, if its time is taken.
    #[cfg(feature = "tower")]
    #[inline]
    pub(super) const fn put_together(
        limit: Option<&'a AdaptiveLimit<C, O>>,
        timed: Option<Timed>,
    ) -> Self {
        Self { limit, timed }
    }

    /// Whether a place is to be given back, which is not any more, and when the call
    /// began, if its time is taken.
    #[cfg(feature = "tower")]
    #[inline]
    pub(super) fn taken_apart(mut self) -> (bool, Option<Timed>) {
        (self.limit.take().is_some(), self.timed)
    }

    /// The service has answered: the time of the call is measured.
    #[inline]
    pub fn success(self) {
        self.report(Load::Served);
    }

    /// The service had too much to do.
    pub fn overload(self) {
        self.report(Load::Overloaded);
    }

    /// The call says nothing of how busy the service is.
    #[inline]
    pub fn ignore(self) {
        self.report(Load::Unknown);
    }

    /// Ends the call, by what it says of the service.
    #[inline]
    pub fn report(mut self, load: Load) {
        let Some(limit) = self.limit.take() else { return };
        limit.release();
        match (load, self.timed) {
            (Load::Served, Some(timed)) => limit.served(timed),
            (Load::Overloaded, _) => limit.overloaded(),
            _ => {}
        }
    }
}

impl<C: Clock, O: Observer> Drop for Ticket<'_, C, O> {
    #[inline]
    fn drop(&mut self) {
        if let Some(limit) = self.limit.take() {
            limit.release();
        }
    }
}
