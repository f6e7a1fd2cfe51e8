//! A permit that is kept from one poll of a call to the next.

use core::{
    ops::Deref,
    task::{Context, Poll},
    time::Duration,
};

use crate::{
    breaker::{
        CircuitBreaker,
        permit::{CallGuard, Permit},
        watched::{WATCHES, Watch},
        word::Word,
    },
    error::Rejected,
    observe::Observer,
    state::Outcome,
    time::Clock,
};
#[cfg(feature = "tower")]
use crate::{callers::scope, overload::priority::Priority};

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
    /// That of the permit, while it is held.
    word: Word,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The breaker has not been asked, or said no.
    Empty,
    /// For a call that begins later. Where not every call was admitted, the priority under
    /// which the breaker was asked.
    #[cfg(feature = "tower")]
    Reserved(Option<Priority>),
    /// For a call that begins later, and for which the breaker is asked then: not every
    /// call is admitted, and nobody knows its priority yet.
    #[cfg(feature = "tower")]
    Deferred,
    /// When its call began, where somebody asks for the call's time.
    Held(Option<Duration>),
    /// The same of a call of a breaker that somebody watches.
    Watched(Option<Duration>, Watch),
    /// The permit was taken out for a call, which is done, or panicked.
    Spent,
}

impl<B: BreakerRef> HeldPermit<B> {
    /// An empty place.
    #[inline]
    pub(crate) const fn empty(breaker: B) -> Self {
        Self { breaker, word: Word::NEW, stage: Stage::Empty }
    }

    #[cfg(feature = "tower")]
    pub(crate) const fn breaker(&self) -> &B {
        &self.breaker
    }

    /// Whether a call may begin, for all that is known.
    #[cfg(feature = "tower")]
    #[inline]
    pub(crate) const fn is_ready(&self) -> bool {
        matches!(self.stage, Stage::Reserved(_) | Stage::Deferred)
    }

    /// Takes a permit for a call that begins later, unless one is reserved that is still
    /// current. One that was taken before the breaker opened admits nothing any more.
    /// Where not every call is admitted, it is asked for now only where `waits`.
    #[cfg(feature = "tower")]
    pub(crate) fn reserve(&mut self, waits: bool) -> Result<(), Rejected> {
        if self.is_reserved() {
            return Ok(());
        }
        self.give_back();
        let chooses = self.breaker.chooses();
        if chooses && !waits {
            self.stage = Stage::Deferred;
            return Ok(());
        }
        self.take(chooses.then(Priority::current))
    }

    /// The call begins. Where not every call is admitted, the breaker is asked now that
    /// its priority is known, unless it was asked under that one.
    #[cfg(feature = "tower")]
    pub(crate) fn renew(&mut self) -> Result<(), Rejected> {
        if let Stage::Reserved(asked) = self.stage
            && self.is_reserved()
            && (!self.breaker.chooses() || asked == Some(Priority::current()))
        {
            return Ok(());
        }
        self.give_back();
        self.take(None)
    }

    #[cfg(feature = "tower")]
    fn is_reserved(&self) -> bool {
        matches!(self.stage, Stage::Reserved(_)) && self.breaker.is_current(self.word)
    }

    #[cfg(feature = "tower")]
    fn take(&mut self, asked: Option<Priority>) -> Result<(), Rejected> {
        self.stage = Stage::Empty;
        // Whoever asks for a permit need not be who makes the call.
        let (_, word) = scope::unseen(|| self.breaker.acquire_held())?.into_parts();
        (self.word, self.stage) = (self.breaker.untimed(word), Stage::Reserved(asked));
        Ok(())
    }

    /// Takes the permit out, armed: should what follows panic, that is a
    /// failure. Where the breaker has not been asked, it is asked now.
    #[inline]
    #[track_caller]
    pub(crate) fn arm(&mut self) -> Result<CallGuard<'_, B::Clock, B::Observer>, Rejected> {
        let (permit, started) = match core::mem::replace(&mut self.stage, Stage::Spent) {
            Stage::Empty => (self.breaker.try_acquire()?, self.breaker.begin_call()),
            Stage::Watched(started, _) => (Permit::new(&*self.breaker, self.word), started),
            #[cfg(feature = "tower")]
            Stage::Deferred => (self.breaker.try_acquire()?, self.breaker.begin_call()),
            #[cfg(feature = "tower")]
            Stage::Reserved(_) => {
                let word = self.breaker.timed_from_now(self.word);
                self.breaker.note_caller();
                (Permit::new(&*self.breaker, word), self.breaker.begin_call())
            }
            Stage::Held(started) => (Permit::new(&*self.breaker, self.word), started),
            Stage::Spent => panic!("a guarded call was polled after it was done"),
        };
        Ok(CallGuard::new(permit, started))
    }

    /// Asks the breaker, and runs `f` under the permit, which is kept for what
    /// follows: should it panic, that is a failure.
    #[inline]
    pub(crate) fn under<R>(&mut self, f: impl FnOnce() -> R) -> Result<R, Rejected> {
        let guard = self.arm()?;
        let result = guard.around(f);
        let (word, started) = guard.into_kept();
        let watch = if WATCHES { self.breaker.watch() } else { None };
        self.keep_watched(word, started, watch);
        Ok(result)
    }

    /// The same, where [`poll`](Self::poll) makes the rest of the call: a drill waits until
    /// then.
    #[inline]
    pub(crate) fn hold<R>(&mut self, f: impl FnOnce() -> R) -> Result<R, Rejected> {
        if WATCHES && self.is_watched() { self.hold_watched(f) } else { self.under(f) }
    }

    /// The same of a call that is watched.
    #[cold]
    #[inline(never)]
    fn hold_watched<R>(&mut self, f: impl FnOnce() -> R) -> Result<R, Rejected> {
        let watch = self.breaker.watch();
        let guard = self.arm_watched()?;
        let scope = watch.map(Watch::enter);
        let result = f();
        guard.leave(scope);
        let (word, started) = guard.into_kept();
        self.keep_watched(word, started, watch);
        Ok(result)
    }

    /// Takes the permit out, armed, as [`arm`](Self::arm) does. Where the breaker is asked
    /// now, no drill has failed the call yet.
    #[inline]
    fn arm_watched(&mut self) -> Result<CallGuard<'_, B::Clock, B::Observer>, Rejected> {
        let asks = match self.stage {
            Stage::Empty => true,
            #[cfg(feature = "tower")]
            Stage::Deferred => true,
            _ => false,
        };
        if !asks {
            return self.arm();
        }
        self.stage = Stage::Spent;
        Ok(CallGuard::new(self.breaker.acquire_held()?, self.breaker.begin_call()))
    }

    /// Makes the call, or the part of it that a poll makes, under the permit:
    /// kept for the next poll where the call is pending, and else for `report`.
    #[inline]
    pub(crate) fn poll<T, R, X: From<Rejected>>(
        &mut self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<T>,
        report: impl FnOnce(CallGuard<'_, B::Clock, B::Observer>, T) -> Result<R, X>,
    ) -> Poll<Result<R, X>> {
        if WATCHES && self.is_watched() {
            return self.poll_watched(cx, poll, report);
        }
        let guard = self.arm()?;
        match poll(cx) {
            Poll::Pending => {
                let (word, started) = guard.into_kept();
                self.keep(word, started);
                Poll::Pending
            }
            Poll::Ready(result) => Poll::Ready(report(guard, result)),
        }
    }

    /// Whether the call is watched, or is about to begin and will be.
    #[inline]
    fn is_watched(&self) -> bool {
        match self.stage {
            Stage::Watched(..) => true,
            Stage::Held(_) | Stage::Spent => false,
            Stage::Empty => self.will_be_watched(),
            #[cfg(feature = "tower")]
            Stage::Reserved(_) | Stage::Deferred => self.will_be_watched(),
        }
    }

    #[inline]
    fn will_be_watched(&self) -> bool {
        !self.breaker.load().is_healthy() && self.breaker.is_watched()
    }

    /// The same of a call that is watched.
    #[cold]
    #[inline(never)]
    fn poll_watched<T, R, X: From<Rejected>>(
        &mut self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<T>,
        report: impl FnOnce(CallGuard<'_, B::Clock, B::Observer>, T) -> Result<R, X>,
    ) -> Poll<Result<R, X>> {
        #[cfg_attr(any(not(feature = "drill"), fusebox_compact), allow(unused_mut))]
        let mut watch = match self.stage {
            Stage::Watched(_, watch) => Some(watch),
            _ => self.breaker.watch(),
        };
        let guard = self.arm_watched()?;
        #[cfg(all(feature = "drill", not(fusebox_compact)))]
        if let Some(watch) = &mut watch {
            // It may panic: the guard is armed.
            match guard.breaker().drill_async(&mut watch.drill, cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(drilled)) => {
                    guard.end(Outcome::Failure);
                    return Poll::Ready(Err(drilled.into()));
                }
                Poll::Pending => {
                    let (word, started) = guard.into_kept();
                    self.keep_watched(word, started, Some(*watch));
                    return Poll::Pending;
                }
            }
        }
        let scope = watch.map(Watch::enter);
        let polled = poll(cx);
        guard.leave(scope);
        match polled {
            Poll::Pending => {
                let (word, started) = guard.into_kept();
                self.keep_watched(word, started, watch);
                Poll::Pending
            }
            Poll::Ready(result) => Poll::Ready(report(guard, result)),
        }
    }

    #[inline]
    fn keep_watched(&mut self, word: Word, started: Option<Duration>, watch: Option<Watch>) {
        self.keep(word, started);
        if let Some(watch) = watch {
            self.stage = Stage::Watched(started, watch);
        }
    }

    #[inline]
    fn keep(&mut self, word: Word, started: Option<Duration>) {
        (self.word, self.stage) = (word, Stage::Held(started));
    }

    #[inline]
    fn give_back(&mut self) {
        match core::mem::replace(&mut self.stage, Stage::Empty) {
            Stage::Held(started) | Stage::Watched(started, _) => {
                drop(Permit::new(&*self.breaker, self.word));
                self.breaker.tell_call(started, Outcome::Ignore);
            }
            #[cfg(feature = "tower")]
            Stage::Reserved(_) => drop(Permit::new(&*self.breaker, self.word)),
            unheld => self.stage = unheld,
        }
    }
}

impl<B: BreakerRef> Drop for HeldPermit<B> {
    #[inline]
    fn drop(&mut self) {
        self.give_back();
    }
}
