//! A place under an adaptive limit that is kept together with what leads to the limit.

use core::{mem, ops::Deref};
use std::sync::Arc;

use crate::{
    error::Limited,
    limit::adaptive::{
        adaptive_limit::AdaptiveLimit,
        ticket::{Load, Ticket, Timed},
    },
    observe::Observer,
    time::Clock,
};

/// A reference to an adaptive limit that can be kept: `&AdaptiveLimit`, or an `Arc` of
/// one. Implemented for these two, and for no others.
pub trait AdaptiveRef: Deref<Target = AdaptiveLimit<Self::Clock, Self::Observer>> {
    /// The limit's clock.
    type Clock: Clock;
    /// The limit's observer.
    type Observer: Observer;
}

impl<C: Clock, O: Observer> AdaptiveRef for &AdaptiveLimit<C, O> {
    type Clock = C;
    type Observer = O;
}

impl<C: Clock, O: Observer> AdaptiveRef for Arc<AdaptiveLimit<C, O>> {
    type Clock = C;
    type Observer = O;
}

/// A [`Ticket`] that is kept from one poll of a call to the next, with what leads to its
/// limit.
#[derive(Debug)]
pub(crate) struct HeldTicket<A: AdaptiveRef> {
    limit: A,
    /// Whether there is a place to be given back.
    held: bool,
    timed: Option<Timed>,
}

impl<A: AdaptiveRef> HeldTicket<A> {
    /// Asks the limit for a place.
    #[inline]
    pub(crate) fn acquire(limit: A) -> Result<Self, Limited> {
        let (held, timed) = limit.try_acquire()?.taken_apart();
        Ok(Self { limit, held, timed })
    }

    /// Ends the call, by what it says of the service.
    #[inline]
    pub(crate) fn report(mut self, load: Load) {
        self.ticket().report(load);
    }

    /// The ticket itself, once.
    fn ticket(&mut self) -> Ticket<'_, A::Clock, A::Observer> {
        let held = mem::take(&mut self.held);
        Ticket::put_together(held.then_some(&*self.limit), self.timed)
    }
}

impl<A: AdaptiveRef> Drop for HeldTicket<A> {
    #[inline]
    fn drop(&mut self) {
        drop(self.ticket());
    }
}
