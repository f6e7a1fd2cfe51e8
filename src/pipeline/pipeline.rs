//! The value that puts policies together: see [`Pipeline`].

use crate::{
    error::{CallError, Rejected},
    limit::deadline::until::Until,
    pipeline::{
        context::CallContext,
        layer::{Empty, Layer, Stack, SyncLayer},
    },
    retry::attempt::Attempt,
};

/// Policies around one call, each inside the one that was added before it.
///
/// A pipeline is a `Copy` value, fit for a `const` or a `static`, and serves
/// any number of calls at a time. The call is a function of `&args`, as are the
/// layers of a fallback; pass `&()` where there are no arguments.
///
/// ```
/// use core::time::Duration;
/// use fusebox::{
///     BreakerConfig, CallError, CircuitBreaker, Fallback, Pipeline, Retry, RetryConfig,
/// };
///
/// static AI: CircuitBreaker = CircuitBreaker::named("ai", BreakerConfig::new().build());
/// const RETRY: Retry =
///     Retry::new(RetryConfig::new().base_delay(Duration::from_millis(1)).build());
///
/// fn basic(task: &str) -> Result<usize, &'static str> {
///     Ok(task.len())
/// }
///
/// // fallback(breaker(retry(f)))
/// let infer = Pipeline::new().fallback(Fallback::new().or(basic)).breaker(&AI).retry(RETRY);
/// assert_eq!(infer.call("plan", |_| Err("model is down")), Ok(4));
/// assert_eq!(AI.snapshot().score, 1); // three attempts, one failure
/// ```
///
/// # What the order means
///
/// | order | meaning |
/// |---|---|
/// | `.fallback(f).breaker(b).retry(r)` | the usual one. The breaker counts a call once, however often it was tried; an open breaker costs no attempt, and the fallback answers at once |
/// | `.fallback(f).retry(r).breaker(b)` | the breaker counts every attempt. The retry sees rejections, and gives up on them unless its `retry_if` says otherwise. So the call may end in `Rejected` though a call was made, and failed: with [`keep_error`](crate::Retry::keep_error) it ends with that error |
/// | `.retry(r).retry(q)` | **retries multiply**: three attempts of `r` with three of `q` each are nine calls. So do those of a library or a proxy below. Keep them at one level |
/// | `.breaker(b).fallback(f)` | the breaker sees what the fallback made of it: a call that was rescued is a success |
/// | `.retry(r).fallback(f)` | a call that was rescued is not tried again |
/// | `.retry(r).timeout(t)` | each attempt has its own limit |
/// | `.timeout(t).retry(r)` | all attempts and delays share one limit |
/// | `.deadline(d)`, outermost | no attempt, delay, hedge or layer of a fallback inside starts that cannot end within `d`, and a timeout inside is cut to what is left |
/// | `.fallback(f).deadline(d)` | the fallback may answer after the deadline |
/// | `.retry(r).deadline(d)` | each attempt has its own deadline |
/// | `.breaker(b).hedge(h)` | the breaker counts what came of the two calls, once |
/// | `.hedge(h).breaker(b)` | the breaker counts each call that ends; the loser counts for nothing, and no hedge starts while `b` is not well |
/// | `.retry(r).hedge(h)` | each attempt may be hedged: calls multiply by two at most |
/// | `.hedge(h).timeout(t)` | each of the two calls has its own limit |
/// | `.breaker(b).timeout(t)` | a call that takes too long is a failure to the breaker |
/// | `.priority(p).breaker(b)` | the breaker is asked in the scope of `p`; the other way round, it does not know `p` yet |
/// | `.breaker(b).rate_limit(q)` | an open breaker takes nothing of the limit, and what the limit turns away counts for nothing in the breaker |
/// | `.retry(r).rate_limit(q)` | each attempt takes one of the limit; around the retry, a call takes one however often it is tried |
/// | `.bulkhead(w).breaker(b)` | the usual one: a rejection takes a place for a moment only, and what finds no place counts for nothing in the breaker |
/// | `.bulkhead(w).retry(r)` | a place is held through all attempts and delays; inside the retry, each attempt asks anew |
/// | `.retry(r).adaptive(a)` | each attempt is measured; around the retry, its delays would be taken for work of the service |
/// | `.adaptive(a).breaker(b)` | rejections by the breaker say nothing of how busy the service is, and are not measured |
/// | `.rate_limit(q).bulkhead(w)` | a call that finds no place has taken one of the limit all the same; the other way round, one that the limit turns away gives its place back at once |
/// | `.fallback(f).pressure(&h)` | what is turned away under pressure is answered by the fallback; the usual order |
/// | `.pressure(&h).breaker(b)` | what is turned away counts for nothing in the breaker, whichever of the two stands outside |
/// | `.pressure_with(e).retry(r)` | the retry heeds the host; one outside of the layer does not |
/// | `.timeout(t).breaker(b)` | **the breaker is blind to calls that hang**: the timeout cancels the call, and a cancelled call counts for nothing. A timeout of tokio or tower around the whole pipeline does the same |
///
/// A rejection by an inner breaker counts for nothing in an outer one. A half-open
/// breaker admits as many calls at a time as it has `probes`: the number is that of
/// calls in flight, not of all that are let through.
///
/// A layer that owns what it captures is added last, as all that a pipeline has
/// already must be `Copy`.
#[derive(Debug, Clone, Copy)]
pub struct Pipeline<L = Empty> {
    pub(crate) layers: L,
}

impl Pipeline {
    /// Makes a pipeline without layers.
    #[must_use]
    pub const fn new() -> Self {
        Self { layers: Empty }
    }
}

impl Default for Pipeline {
    fn default() -> Self {
        Self::new()
    }
}

impl<L: Copy> Pipeline<L> {
    pub(crate) const fn inside<I>(self, inner: I) -> Pipeline<Stack<L, I>> {
        Pipeline { layers: Stack { outer: self.layers, inner } }
    }
}

impl<L: Layer> Pipeline<L> {
    /// Calls `f` with `args` through all layers.
    ///
    /// # Errors
    /// [`CallError::Rejected`] when a breaker turned the call away and no
    /// fallback answered, [`CallError::Failed`] with the last error otherwise.
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker, Fallback, Pipeline};
    ///
    /// static SHOP: CircuitBreaker = CircuitBreaker::named("shop", BreakerConfig::new().build());
    ///
    /// let price = Pipeline::new().fallback(Fallback::new().or(|_: &str| Ok(0))).breaker(&SHOP);
    /// assert_eq!(price.call("42", |text| text.parse::<u32>()), Ok(42));
    /// assert_eq!(price.call("x", |text| text.parse::<u32>()), Ok(0));
    /// ```
    #[inline]
    pub fn call<A: ?Sized, T, E>(
        &self,
        args: &A,
        mut f: impl FnMut(&A) -> Result<T, E>,
    ) -> Result<T, CallError<E>>
    where
        L: SyncLayer<A, T, E>,
    {
        let context = CallContext::first(args, self.layers.tally(), false, None);
        self.layers.call(context, |context| f(context.args).map_err(CallError::Failed))
    }

    /// Calls `f` with `args` through all layers, and returns its own error type: a
    /// rejection becomes one of it. It works for every `E: From<Rejected>`: your
    /// own, `anyhow::Error`, `Box<dyn Error + Send + Sync>`, `std::io::Error`.
    ///
    /// # Errors
    /// The last one of `f`, or one made from the [`Rejected`].
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker, Pipeline};
    ///
    /// static SHOP: CircuitBreaker = CircuitBreaker::named("shop", BreakerConfig::new().build());
    ///
    /// fn price(id: &str) -> Result<u32, anyhow::Error> {
    ///     let shop = Pipeline::new().breaker(&SHOP);
    ///     shop.call_into(id, |id| Ok(id.parse()?))
    /// }
    /// assert_eq!(price("42").unwrap(), 42);
    /// ```
    #[inline]
    pub fn call_into<A: ?Sized, T, E: From<Rejected>>(
        &self,
        args: &A,
        f: impl FnMut(&A) -> Result<T, E>,
    ) -> Result<T, E>
    where
        L: SyncLayer<A, T, E>,
    {
        self.call(args, f).map_err(CallError::into_own)
    }

    /// Calls `f` with `args` through all layers, unless the deadline is over. No attempt,
    /// delay or layer of a fallback starts that cannot end before it.
    ///
    /// A [`Deadline`](crate::Deadline) is one of the host's clock; where it is on another
    /// clock, pass `deadline.on(&clock)`.
    ///
    /// # Errors
    /// [`CallError::Limited`] where the call was not made, as the deadline is over,
    /// [`CallError::Rejected`] when a breaker turned it away and no fallback answered,
    /// [`CallError::Failed`] with the last error otherwise.
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{
    ///     CallError, Deadline, DefaultObserver, LimitKind, ManualClock, Pipeline, Retry, RetryConfig,
    /// };
    ///
    /// let clock = ManualClock::new();
    /// let retry = Retry::with(RetryConfig::new().build(), &clock, &clock, DefaultObserver);
    /// let shop = Pipeline::new().retry(retry);
    /// let deadline = Deadline::after(Duration::from_millis(100), &clock);
    ///
    /// // The delay of a second would overrun it.
    /// let answer = shop.call_by(deadline.on(&clock), &(), |()| Err::<(), _>("down"));
    /// assert_eq!(answer, Err(CallError::Failed("down")));
    ///
    /// clock.advance(Duration::from_millis(100));
    /// let answer = shop.call_by(deadline.on(&clock), &(), |()| Ok::<_, &str>(()));
    /// assert_eq!(answer.unwrap_err().as_limited().unwrap().kind(), LimitKind::Deadline);
    /// ```
    pub fn call_by<'a, A: ?Sized, T, E>(
        &'a self,
        deadline: impl Into<Until<'a>>,
        args: &'a A,
        mut f: impl FnMut(&A) -> Result<T, E>,
    ) -> Result<T, CallError<E>>
    where
        L: SyncLayer<A, T, E>,
    {
        let until = deadline.into();
        until.admit()?;
        let context = CallContext::first(args, self.layers.tally(), false, Some(until));
        self.layers.call(context, |context| f(context.args).map_err(CallError::Failed))
    }

    /// Calls `f` with `args` and the attempt through all layers. The attempt
    /// knows its number, the time since the first one began, and the error of
    /// the one before.
    ///
    /// # Errors
    /// [`CallError::Rejected`] when a breaker turned the call away and no
    /// fallback answered, [`CallError::Failed`] with the last error otherwise.
    ///
    /// ```
    /// use fusebox::{DefaultObserver, ManualClock, Pipeline, Retry, RetryConfig};
    ///
    /// let clock = ManualClock::new();
    /// let retry = Retry::with(RetryConfig::new().build(), &clock, &clock, DefaultObserver);
    /// let answer = Pipeline::new()
    ///     .retry(retry)
    ///     .call_with(&(), |(), attempt| if attempt.number() < 3 { Err("down") } else { Ok(42) });
    /// assert_eq!(answer, Ok(42));
    /// ```
    pub fn call_with<A: ?Sized, T, E>(
        &self,
        args: &A,
        mut f: impl FnMut(&A, Attempt<'_, CallError<E>>) -> Result<T, E>,
    ) -> Result<T, CallError<E>>
    where
        L: SyncLayer<A, T, E>,
    {
        let context = CallContext::first(args, self.layers.tally(), true, None);
        self.layers
            .call(context, |context| f(context.args, context.attempt).map_err(CallError::Failed))
    }
}
