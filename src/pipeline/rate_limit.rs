//! A limit of a rate as a layer of a pipeline.

use crate::{
    error::{CallError, Limited},
    limit::{pressure::heed::Spares, rate::rate_limit::RateLimit},
    observe::{DefaultObserver, Observer},
    pipeline::{
        Pipeline,
        context::CallContext,
        layer::{AsyncLayer, Inner, Layer, Stack, SyncLayer},
        limited::LimitedCall,
    },
    time::{Clock, DefaultClock},
};

/// A limit of a rate as a layer of a pipeline, to be named in the type of a `static`.
#[derive(Debug)]
pub struct RateLimitLayer<'b, C = DefaultClock, O = DefaultObserver> {
    limit: &'b RateLimit<C, O>,
}

// Not derived: that would ask for `C: Copy` and `O: Copy`.
impl<C, O> Clone for RateLimitLayer<'_, C, O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C, O> Copy for RateLimitLayer<'_, C, O> {}

impl<L: Copy> Pipeline<L> {
    /// Adds a limit of a rate inside the layers so far. A call that it turns away ends
    /// with [`CallError::Limited`], and counts for nothing in a breaker around it.
    ///
    /// Inside a retry each attempt takes one of the limit; around one, a call takes one
    /// however often it is tried.
    ///
    /// ```
    /// use fusebox::{CallError, Pipeline, RateConfig, RateLimit};
    ///
    /// static QUOTA: RateLimit = RateLimit::named("quota", RateConfig::per_minute(1).build());
    ///
    /// let shop = Pipeline::new().rate_limit(&QUOTA);
    /// assert_eq!(shop.call(&(), |()| Ok::<_, ()>(42)), Ok(42));
    /// assert!(matches!(shop.call(&(), |()| Ok::<_, ()>(42)), Err(CallError::Limited(_))));
    /// ```
    #[must_use]
    pub const fn rate_limit<C, O>(
        self,
        limit: &RateLimit<C, O>,
    ) -> Pipeline<Stack<L, RateLimitLayer<'_, C, O>>> {
        self.inside(RateLimitLayer { limit })
    }
}

impl<C: Clock, O: Observer> RateLimitLayer<'_, C, O> {
    /// Asks the limit, or as much of it as there is while a host is under pressure.
    #[inline]
    fn admit(self, spares: Option<&Spares<'_>>) -> Result<(), Limited> {
        match spares {
            None => self.limit.try_acquire(),
            Some(spares) => self.limit.try_acquire_within(spares.percent()),
        }
    }
}

impl<C, O> Layer for RateLimitLayer<'_, C, O> {}

impl<A: ?Sized, T, E, C: Clock, O: Observer> SyncLayer<A, T, E> for RateLimitLayer<'_, C, O> {
    #[inline]
    fn call<'a>(
        &self,
        context: CallContext<'a, '_, A, E>,
        mut inner: impl FnMut(CallContext<'a, '_, A, E>) -> Result<T, CallError<E>>,
    ) -> Result<T, CallError<E>> {
        self.admit(context.spares).map_err(CallError::Limited)?;
        inner(context)
    }
}

impl<'a, A, I, C, O> AsyncLayer<'a, A, I> for RateLimitLayer<'_, C, O>
where
    A: ?Sized,
    I: Inner<'a, A>,
    C: Clock + 'a,
    O: Observer + 'a,
{
    type Call = LimitedCall<I::Call>;

    #[inline]
    fn start(&'a self, context: CallContext<'a, '_, A, I::Error>, inner: I) -> Self::Call {
        let admitted = self.admit(context.spares);
        LimitedCall::of(admitted.map(|()| inner.start(context)))
    }
}
