//! A hedge as a layer of a pipeline.

use core::time::Duration;

use crate::{
    error::CallError,
    limit::{
        deadline::until::Until,
        hedge::{
            future::HedgeCall,
            hedge::{Hedge, Hedging},
            hedged::Hedged,
            repeats::Repeats,
        },
        pressure::heed::{Spares, no_hedges},
    },
    observe::Tally,
    pipeline::{
        Pipeline,
        context::CallContext,
        layer::{AsyncLayer, Inner, Layer, Stack},
    },
    retry::attempt::Attempt,
    time::AsyncSleep,
};

impl<L: Copy> Pipeline<L> {
    /// Adds a hedge inside the layers so far, for async calls. What comes inside it is made
    /// a second time where it takes long. The hedge says which calls may be:
    /// [`Hedge::idempotent`] or [`Hedge::every_call`].
    ///
    /// The loser counts for nothing in a breaker, be it inside or outside. A breaker inside
    /// counts each call that is made to its end; one outside counts what came of the two.
    ///
    /// ```
    /// # use std::{future::{Future, pending}, pin::pin, task::{Context, Poll, Waker}};
    /// # use core::time::Duration;
    /// use fusebox::{BreakerConfig, CircuitBreaker, Hedge, Pipeline};
    /// # use fusebox::ManualClock;
    ///
    /// static SHOP: CircuitBreaker = CircuitBreaker::named("shop", BreakerConfig::new().build());
    ///
    /// # let clock = ManualClock::new();
    /// let hedge = Hedge::with(Duration::from_millis(20), &clock)
    ///     .idempotent(|path: &str| !path.starts_with("/buy"));
    /// let shop = Pipeline::new().breaker(&SHOP).hedge(hedge);
    /// # let call = pin!(async {
    /// let answer = shop.call_async("/tea", |path| async move { Ok::<_, ()>(path.len()) }).await;
    /// assert_eq!(answer, Ok(4));
    /// # });
    /// # assert_eq!(call.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(()));
    /// ```
    #[must_use]
    #[allow(clippy::type_complexity)] // the type is the list of the layers
    pub const fn hedge<D, P, B, R, S>(
        self,
        hedge: Hedge<D, P, B, R, S>,
    ) -> Pipeline<Stack<L, Hedge<D, P, B, R, S>>> {
        self.inside(hedge)
    }
}

impl<D, P, B, R, S> Layer for Hedge<D, P, B, R, S> {}

impl<'a, A, I, D, P, B, R, S> AsyncLayer<'a, A, I> for Hedge<D, P, B, R, S>
where
    A: ?Sized + 'a,
    I: Inner<'a, A>,
    Self: Hedging<Sleeper = S> + 'a,
    R: Repeats<A>,
    S: AsyncSleep,
{
    type Call = HedgeCall<'a, &'a Self, Twin<'a, A, I>, I::Call, I::Call, S::Sleep>;

    #[inline]
    fn start(&'a self, context: CallContext<'a, '_, A, I::Error>, inner: I) -> Self::Call {
        let first = inner.start(context);
        let CallContext { args, tally, attempt, timed, until, spares } = context;
        let (number, elapsed) = (attempt.number, attempt.elapsed);
        let twin = Twin { args, tally, number, elapsed, timed, until, spares, inner };
        HedgeCall::started(self, twin, until, first, self.repeats.may_repeat(args))
    }
}

/// What comes inside a hedge, with all that its second call needs.
#[derive(Debug)]
pub struct Twin<'a, A: ?Sized, I> {
    args: &'a A,
    tally: Option<&'a Tally>,
    number: u32,
    elapsed: Duration,
    timed: bool,
    until: Option<Until<'a>>,
    spares: Option<&'a Spares<'a>>,
    inner: I,
}

impl<'a, A: ?Sized, I: Inner<'a, A>> Hedged for Twin<'a, A, I> {
    type Value = I::Value;
    type Error = CallError<I::Error>;
    type First = I::Call;
    type Second = I::Call;

    fn second(&mut self) -> Option<I::Call> {
        // The error before is the first call's own to see: it may be gone by now.
        let attempt = Attempt { number: self.number, elapsed: self.elapsed, previous: None };
        let Self { args, tally, timed, until, spares, .. } = *self;
        Some(self.inner.start(CallContext { args, tally, attempt, timed, until, spares }))
    }

    #[inline]
    fn is_well(&self) -> bool {
        self.inner.is_well()
    }

    fn is_spared(&self) -> bool {
        no_hedges(self.spares)
    }
}
