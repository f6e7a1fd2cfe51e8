//! The policy itself: how it is made, and what it is told.

use core::time::Duration;

#[cfg(feature = "std")]
use crate::{learn::tells::TellsLatency, limit::hedge::delay::AfterLearned};
use crate::{
    limit::hedge::{
        delay::HedgeDelay,
        pays::{Pays, Shared, Unpaid},
        repeats::{EveryCall, Unsaid, WhereIdempotent},
    },
    limit::pressure::under::{Under, presses},
    overload::pressure::{level::PressureLevel, pressure::Pressure},
    state::{TellsHealth, Unwatched},
    time::{AsyncSleep, Clock, DefaultSleep},
};

/// Makes a call a second time where it takes long, and takes whichever answer comes first.
///
/// It cuts the tail of latencies: a call that hangs in one place is often quick in another.
/// The second call, the hedge, starts after a fixed `Duration`, or after a
/// [`LatencyQuantile`](crate::LatencyQuantile) that is learned from the calls themselves.
/// The first success wins. The other call is dropped and counts as neither success nor
/// failure; a permit of a breaker that it holds is given back. Where one of the two fails,
/// the other is waited for, and where both fail, the last error is returned. A call that
/// fails before its hedge has started is not made again: that is a retry's business.
///
/// No hedge starts
/// - where its [budget](Self::budget) has no token left,
/// - while the [breaker](Self::breaker) that it watches, or one inside it in a pipeline, is
///   not well: has evidence against its service, or is not closed,
/// - while a host that it [heeds](Self::under) is under pressure,
/// - where the call's [`Deadline`](crate::Deadline) is over, or comes before the delay's end,
/// - for a call that may not be made twice: see [`idempotent`](Self::idempotent).
///
/// It is a `Copy` value, fit for a `const` or a `static`, for async calls only. Both calls
/// run in the caller's own task: nothing is spawned or allocated. There is one hedge of a
/// call at most.
///
/// ```
/// # use std::{future::{Future, pending, ready}, pin::pin, task::{Context, Poll, Waker}};
/// # use core::time::Duration;
/// # use fusebox::{Hedge, ManualClock};
/// # let clock = ManualClock::new();
/// // With the feature `tokio`, `Hedge::new(delay)` is enough.
/// let hedge = Hedge::with(Duration::from_millis(20), &clock);
/// let mut calls = 0;
/// let mut call = pin!(hedge.call_async(|| {
///     calls += 1;
///     let hangs = calls == 1;
///     async move { if hangs { pending().await } else { Ok::<_, ()>(42) } }
/// }));
/// # let mut cx = Context::from_waker(Waker::noop());
/// # assert!(call.as_mut().poll(&mut cx).is_pending());
/// # clock.advance(Duration::from_millis(20));
/// // … 20 ms later:
/// # let answer = call.poll(&mut cx);
/// assert_eq!(answer, Poll::Ready(Ok(42)));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Hedge<D = Duration, P = Unpaid, B = Unwatched, R = Unsaid, S = DefaultSleep> {
    pub(super) delay: D,
    pub(super) pays: P,
    pub(super) watched: B,
    pub(crate) repeats: R,
    pub(super) sleeper: S,
    under: Option<Under<'static>>,
}

#[cfg(feature = "std")]
impl<D: HedgeDelay> Hedge<D> {
    /// Makes a hedge that starts after `delay`, a `Duration` or a `&LatencyQuantile`,
    /// measured by the sleep of the host.
    #[must_use]
    pub const fn new(delay: D) -> Self {
        Self::with(delay, crate::time::StdSleep)
    }
}

#[cfg(feature = "std")]
impl<L: TellsLatency> Hedge<AfterLearned<L>> {
    /// Makes a hedge that starts after the time before which 99 of 100 calls of a breaker
    /// are done, as that breaker learns it; after `until_known` until it knows. The breaker
    /// is a `&CircuitBreaker`. With a sleeper of your own, give [`with`](Self::with) an
    /// [`AfterLearned`](crate::layers::AfterLearned).
    ///
    /// ```
    /// use std::time::Duration;
    /// use fusebox::{BreakerConfig, CircuitBreaker, Hedge};
    ///
    /// static SHOP: CircuitBreaker = CircuitBreaker::named("shop", BreakerConfig::new().build());
    ///
    /// let hedge = Hedge::after_learned(&SHOP, Duration::from_millis(50)).breaker(&SHOP);
    /// # let _ = hedge;
    /// ```
    #[must_use]
    pub const fn after_learned(breaker: L, until_known: Duration) -> Self {
        Self::new(AfterLearned::new(breaker, until_known))
    }
}

impl<D: HedgeDelay, S> Hedge<D, Unpaid, Unwatched, Unsaid, S> {
    /// Makes a hedge that starts after `delay`, a `Duration` or a `&LatencyQuantile`,
    /// measured by a sleeper of your own.
    #[must_use]
    pub const fn with(delay: D, sleeper: S) -> Self {
        Self { delay, pays: Unpaid, watched: Unwatched, repeats: Unsaid, sleeper, under: None }
    }
}

impl<D: Copy, P: Copy, B: Copy, R: Copy, S: Copy> Hedge<D, P, B, R, S> {
    /// Pays each hedge from a budget, a `&RetryBudget`. Where it is empty, the first call
    /// goes on alone. A call that is not ready at once counts as one of those that the
    /// budget allows a share of.
    #[must_use]
    pub const fn budget<N: Pays>(self, budget: N) -> Hedge<D, N, B, R, S> {
        let Self { delay, watched, repeats, sleeper, under, .. } = self;
        Hedge { delay, pays: budget, watched, repeats, sleeper, under }
    }

    /// Pays each hedge from a budget that a retry around the hedge has, too. The retry says
    /// how many calls there are, and the hedge does not count them a second time.
    ///
    /// ```
    /// use std::time::Duration;
    /// use fusebox::{BudgetConfig, Hedge, Retry, RetryBudget, RetryConfig};
    ///
    /// static BUDGET: RetryBudget = RetryBudget::new(BudgetConfig::share(0.1).build());
    ///
    /// let retry = Retry::new(RetryConfig::new().build()).budget(&BUDGET);
    /// let hedge = Hedge::new(Duration::from_millis(50)).budget_of_retry(&BUDGET);
    /// # let _ = (retry, hedge);
    /// ```
    #[must_use]
    pub const fn budget_of_retry<N: Pays>(self, budget: N) -> Hedge<D, Shared<N>, B, R, S> {
        let Self { delay, watched, repeats, sleeper, under, .. } = self;
        Hedge { delay, pays: Shared(budget), watched, repeats, sleeper, under }
    }

    /// Watches a breaker, a `&CircuitBreaker`: no hedge starts, and nothing is learned,
    /// while it is not well. In a pipeline, those inside the hedge are watched anyway.
    #[must_use]
    pub const fn breaker<N: TellsHealth>(self, breaker: N) -> Hedge<D, P, N, R, S> {
        let Self { delay, pays, repeats, sleeper, under, .. } = self;
        Hedge { delay, pays, watched: breaker, repeats, sleeper, under }
    }

    /// Says which calls may be made twice: those for which `may_repeat`, a
    /// `Fn(&A) -> bool` of a pipeline's arguments, holds.
    #[must_use]
    pub const fn idempotent<A, F>(self, may_repeat: F) -> Hedge<D, P, B, WhereIdempotent<F>, S>
    where
        A: ?Sized,
        F: Fn(&A) -> bool,
    {
        self.repeats(WhereIdempotent(may_repeat))
    }

    /// Says that every call may be made twice: reads, for example, or writes that the
    /// service tells apart by a key.
    #[must_use]
    pub const fn every_call(self) -> Hedge<D, P, B, EveryCall, S> {
        self.repeats(EveryCall)
    }

    const fn repeats<N>(self, repeats: N) -> Hedge<D, P, B, N, S> {
        let Self { delay, pays, watched, sleeper, under, .. } = self;
        Hedge { delay, pays, watched, repeats, sleeper, under }
    }

    /// Starts no hedge while a host's pressure is at least at this level: the first call
    /// goes on alone.
    ///
    /// ```
    /// use std::time::Duration;
    /// use fusebox::{Hedge, Pressure, PressureConfig, PressureLevel};
    ///
    /// static HOST: Pressure = Pressure::new(PressureConfig::new().build());
    ///
    /// let hedge = Hedge::new(Duration::from_millis(50)).under(&HOST, PressureLevel::Raised);
    /// # let _ = hedge;
    /// ```
    #[must_use]
    pub const fn under<C>(mut self, host: &'static Pressure<C>, from: PressureLevel) -> Self
    where
        C: Clock + Sync,
    {
        self.under = Some(Under::new(host, from));
        self
    }
}

/// What the future of a hedged call asks of its hedge.
pub trait Hedging {
    /// The timer.
    #[doc(hidden)]
    type Sleeper: AsyncSleep;
    #[doc(hidden)]
    fn delay(&self) -> Duration;
    #[doc(hidden)]
    fn answered(&self);
    #[doc(hidden)]
    fn outlasted(&self);
    #[doc(hidden)]
    fn try_pay(&self) -> bool;
    #[doc(hidden)]
    fn is_spared(&self) -> bool;
    #[doc(hidden)]
    fn is_well(&self) -> bool;
    #[doc(hidden)]
    fn sleep(&self, delay: Duration) -> <Self::Sleeper as AsyncSleep>::Sleep;
}

impl<D: HedgeDelay, P: Pays, B: TellsHealth, R, S: AsyncSleep> Hedging for Hedge<D, P, B, R, S> {
    type Sleeper = S;

    #[inline]
    fn delay(&self) -> Duration {
        // Asked once for each call that is not ready at its first poll.
        self.pays.deposit();
        self.delay.delay()
    }

    #[inline]
    fn answered(&self) {
        self.delay.answered();
    }

    fn outlasted(&self) {
        self.delay.outlasted();
    }

    fn try_pay(&self) -> bool {
        self.pays.try_pay()
    }

    fn is_spared(&self) -> bool {
        presses(self.under)
    }

    #[inline]
    fn is_well(&self) -> bool {
        self.watched.is_well()
    }

    fn sleep(&self, delay: Duration) -> S::Sleep {
        self.sleeper.sleep_async(delay)
    }
}

impl<H: Hedging> Hedging for &H {
    type Sleeper = H::Sleeper;

    #[inline]
    fn delay(&self) -> Duration {
        (**self).delay()
    }

    #[inline]
    fn answered(&self) {
        (**self).answered();
    }

    fn outlasted(&self) {
        (**self).outlasted();
    }

    fn try_pay(&self) -> bool {
        (**self).try_pay()
    }

    fn is_spared(&self) -> bool {
        (**self).is_spared()
    }

    #[inline]
    fn is_well(&self) -> bool {
        (**self).is_well()
    }

    fn sleep(&self, delay: Duration) -> <H::Sleeper as AsyncSleep>::Sleep {
        (**self).sleep(delay)
    }
}
