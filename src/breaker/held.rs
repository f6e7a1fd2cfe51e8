//! A permit that is kept from one poll of a call to the next.

use core::{ops::Deref, task::Poll};

use crate::{
    breaker::{
        CircuitBreaker,
        permit::{CallGuard, Permit},
        word::Word,
    },
    error::Rejected,
    observe::Observer,
    time::Clock,
};

/// A reference to a breaker that can be kept: `&CircuitBreaker`, or an `Arc` of
/// one. Implemented for these two, and for no others.
#[cfg_attr(not(feature = "tower"), allow(unreachable_pub))] // its layer names it
pub trait BreakerRef: Deref<Target = CircuitBreaker<Self::Clock, Self::Observer>> {
    /// The breaker's clock.
    type Clock: Clock;
    /// The breaker's observer.
    type Observer: Observer;
}

impl<C: Clock, O: Observer> BreakerRef for &CircuitBreaker<C, O> {
    type Clock = C;
    type Observer = O;
}

#[cfg(feature = "std")]
impl<C: Clock, O: Observer> BreakerRef for std::sync::Arc<CircuitBreaker<C, O>> {
    type Clock = C;
    type Observer = O;
}

/// A place for a permit: empty, or with one that is given back when this is
/// dropped.
///
/// It keeps the parts of a permit, not the permit: the compiler then sees that a
/// call which is ready at once has none to drop, and an `Arc` of a breaker can
/// be kept beside its permit.
#[derive(Debug)]
pub(crate) struct HeldPermit<B: BreakerRef> {
    breaker: B,
    word: Word,
    held: bool,
}

impl<B: BreakerRef> HeldPermit<B> {
    /// An empty place.
    #[inline]
    pub(crate) const fn empty(breaker: B) -> Self {
        Self { breaker, word: Word::NEW, held: false }
    }

    #[cfg(feature = "tower")]
    pub(crate) const fn breaker(&self) -> &B {
        &self.breaker
    }

    /// Whether it holds a permit.
    #[cfg(feature = "tower")]
    pub(crate) const fn is_held(&self) -> bool {
        self.held
    }

    /// Takes a permit, unless one is held that is still current. One that was
    /// taken before the breaker opened admits nothing any more.
    #[inline]
    pub(crate) fn acquire(&mut self) -> Result<(), Rejected> {
        if self.held && self.breaker.is_current(self.word) {
            return Ok(());
        }
        drop(self.take());
        (_, self.word) = self.breaker.try_acquire()?.into_parts();
        self.held = true;
        Ok(())
    }

    /// The permit; the place is empty then.
    #[inline]
    fn take(&mut self) -> Option<Permit<'_, B::Clock, B::Observer>> {
        core::mem::take(&mut self.held).then(|| Permit::new(&self.breaker, self.word))
    }

    /// Takes the permit out, armed: should what follows panic, that is a
    /// failure. It must be there.
    #[inline]
    #[track_caller]
    pub(crate) fn arm(&mut self) -> CallGuard<'_, B::Clock, B::Observer> {
        CallGuard::new(self.take().expect("a guarded call was polled after it was done"))
    }

    /// Runs `f` under the permit, which is kept for what follows: should it
    /// panic, that is a failure.
    #[inline]
    pub(crate) fn under<R>(&mut self, f: impl FnOnce() -> R) -> R {
        let guard = self.arm();
        let result = f();
        (_, self.word) = guard.into_parts();
        self.held = true;
        result
    }

    /// Makes the call, or the part of it that a poll makes, under the permit:
    /// kept for the next poll where the call is pending, and else for `report`.
    #[inline]
    pub(crate) fn poll<T>(
        &mut self,
        poll: impl FnOnce() -> Poll<T>,
        report: impl FnOnce(CallGuard<'_, B::Clock, B::Observer>, T) -> T,
    ) -> Poll<T> {
        let guard = self.arm();
        match poll() {
            Poll::Pending => {
                (_, self.word) = guard.into_parts();
                self.held = true;
                Poll::Pending
            }
            Poll::Ready(result) => Poll::Ready(report(guard, result)),
        }
    }
}

impl<B: BreakerRef> Drop for HeldPermit<B> {
    #[inline]
    fn drop(&mut self) {
        drop(self.take());
    }
}
