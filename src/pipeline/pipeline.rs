//! Policies put together around a call, the outermost first.

use core::{fmt::Debug, time::Duration};

use crate::{
    breaker::CircuitBreaker,
    error::CallError,
    fallback::{Fallback, chain::Chain},
    observe::{DefaultObserver, Observer, Tally},
    retry::{
        Course, Retry,
        attempt::Attempt,
        hooks::{BeforeRetry, DelayHint, RetryIf},
    },
    time::{Clock, DefaultClock, Sleep},
};

/// Policies put together around a call, each inside the one named before it.
///
/// It is a value: `Copy`, fit for a `const` or a `static`, used by any number
/// of calls at a time. The call is a function of `&args`, as are the
/// fallback's layers; `&()` does where there are none.
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
/// assert_eq!(AI.snapshot().consecutive_failures, 1); // three attempts, one failure
/// ```
///
/// # What the order means
///
/// | order | meaning |
/// |---|---|
/// | `.fallback(f).breaker(b).retry(r)` | the usual one. The breaker counts a call once, however often it was tried; an open breaker costs no attempt, and the fallback answers at once |
/// | `.fallback(f).retry(r).breaker(b)` | the breaker counts every attempt. The retry sees rejections, and gives up on them unless its `retry_if` says otherwise |
/// | `.breaker(b).fallback(f)` | the breaker sees what the fallback made of it: a call that was rescued is a success |
/// | `.retry(r).fallback(f)` | a call that was rescued is not tried again |
/// | `.retry(r).timeout(t)` | each attempt has its own limit |
/// | `.timeout(t).retry(r)` | all attempts and delays share one limit |
///
/// A rejection by a breaker inside another counts for nothing with the outer.
#[derive(Debug, Clone, Copy)]
pub struct Pipeline<L = Direct> {
    pub(crate) layers: L,
}

/// No layer: the call itself.
#[derive(Debug, Clone, Copy)]
pub struct Direct;

/// A layer around another.
#[derive(Debug, Clone, Copy)]
pub struct Stack<U, I> {
    pub(crate) outer: U,
    pub(crate) inner: I,
}

/// A breaker as a layer.
#[derive(Debug)]
pub struct Breaking<'b, C = DefaultClock, O = DefaultObserver, P = EveryError> {
    pub(crate) breaker: &'b CircuitBreaker<C, O>,
    pub(crate) expect: P,
}

// Not derived: that would ask for `C: Copy` and `O: Copy`.
impl<C, O, P: Clone> Clone for Breaking<'_, C, O, P> {
    fn clone(&self) -> Self {
        Self { breaker: self.breaker, expect: self.expect.clone() }
    }
}

impl<C, O, P: Copy> Copy for Breaking<'_, C, O, P> {}

/// Which of a call's own errors are failures to a breaker.
pub trait Counts<E> {
    /// Whether this one is.
    fn counts(&self, error: &E) -> bool;
}

/// Every error is.
#[derive(Debug, Clone, Copy)]
pub struct EveryError;

impl<E> Counts<E> for EveryError {
    #[inline]
    fn counts(&self, _error: &E) -> bool {
        true
    }
}

/// Those for which a predicate holds.
#[derive(Debug, Clone, Copy)]
pub struct Expect<F>(F);

impl<E, F: Fn(&E) -> bool> Counts<E> for Expect<F> {
    #[inline]
    fn counts(&self, error: &E) -> bool {
        (self.0)(error)
    }
}

/// A call that another breaker turned away was not made: it says nothing.
#[inline]
pub(crate) fn counts<E>(expect: &impl Counts<E>, error: &CallError<E>) -> bool {
    match error {
        CallError::Rejected(_) => false,
        CallError::Failed(error) => expect.counts(error),
    }
}

/// A limit of time as a layer, for async calls: a sync call cannot be stopped.
#[derive(Debug, Clone, Copy)]
pub struct Timeout<S> {
    pub(crate) limit: Duration,
    pub(crate) sleeper: S,
}

impl Pipeline {
    /// No layer yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { layers: Direct }
    }
}

impl Default for Pipeline {
    fn default() -> Self {
        Self::new()
    }
}

#[allow(clippy::type_complexity)] // the type is the list of the layers
impl<L: Copy> Pipeline<L> {
    /// Inside what is there: answers in place of what comes inside it.
    #[must_use]
    pub const fn fallback<S: Copy, O: Copy>(
        self,
        fallback: Fallback<S, O>,
    ) -> Pipeline<Stack<L, Fallback<S, O>>> {
        self.inside(fallback)
    }

    /// Inside what is there: asks `breaker`, to which every error is a failure.
    #[must_use]
    pub const fn breaker<C, O>(
        self,
        breaker: &CircuitBreaker<C, O>,
    ) -> Pipeline<Stack<L, Breaking<'_, C, O>>> {
        self.inside(Breaking { breaker, expect: EveryError })
    }

    /// Inside what is there: asks `breaker`, to which those of the call's own
    /// errors are failures for which `expect` holds.
    #[must_use]
    pub const fn breaker_if<C, O, F: Copy>(
        self,
        breaker: &CircuitBreaker<C, O>,
        expect: F,
    ) -> Pipeline<Stack<L, Breaking<'_, C, O, Expect<F>>>> {
        self.inside(Breaking { breaker, expect: Expect(expect) })
    }

    /// Inside what is there: tries again what comes inside it. Its functions
    /// see the error as a pipeline carries it, a [`CallError<E>`].
    #[must_use]
    pub const fn retry<S: Copy, C: Copy, O: Copy, P: Copy, H: Copy, B: Copy>(
        self,
        retry: Retry<S, C, O, P, H, B>,
    ) -> Pipeline<Stack<L, Retry<S, C, O, P, H, B>>> {
        self.inside(retry)
    }

    /// Inside what is there: drops what comes inside it after `limit`, which
    /// then has failed with [`TimedOut`](crate::TimedOut). For async calls.
    #[cfg(feature = "std")]
    #[must_use]
    pub const fn timeout(
        self,
        limit: Duration,
    ) -> Pipeline<Stack<L, Timeout<crate::time::StdSleep>>> {
        self.timeout_by(limit, crate::time::StdSleep)
    }

    /// The same with a sleeper of your own.
    #[must_use]
    pub const fn timeout_by<S: Copy>(
        self,
        limit: Duration,
        sleeper: S,
    ) -> Pipeline<Stack<L, Timeout<S>>> {
        self.inside(Timeout { limit, sleeper })
    }

    const fn inside<I: Copy>(self, inner: I) -> Pipeline<Stack<L, I>> {
        Pipeline { layers: Stack { outer: self.layers, inner } }
    }
}

impl<L> Pipeline<L> {
    /// Calls `f` with `args` through all layers.
    ///
    /// # Errors
    /// [`CallError::Rejected`] when a breaker turned the call away and no
    /// fallback answered, [`CallError::Failed`] with the last error otherwise.
    #[inline]
    pub fn call<A, T, E>(
        &self,
        args: &A,
        mut f: impl FnMut(&A) -> Result<T, E>,
    ) -> Result<T, CallError<E>>
    where
        A: ?Sized,
        L: Policy<A, T, E>,
    {
        let tally = self.layers.tally();
        self.layers
            .run(args, tally, Attempt::FIRST, false, |args, _| f(args).map_err(CallError::Failed))
    }

    /// The same for a call that wants to know which attempt it is, how long
    /// the first one is ago, and what the one before failed with.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub fn call_with<A, T, E>(
        &self,
        args: &A,
        mut f: impl FnMut(&A, Attempt<'_, CallError<E>>) -> Result<T, E>,
    ) -> Result<T, CallError<E>>
    where
        A: ?Sized,
        L: Policy<A, T, E>,
    {
        let tally = self.layers.tally();
        self.layers.run(args, tally, Attempt::FIRST, true, |args, attempt| {
            f(args, attempt).map_err(CallError::Failed)
        })
    }
}

/// A layer of a pipeline, which may have a breaker on which the retries and
/// fallbacks of all layers are counted.
pub trait Counted {
    /// Where they are counted: on the outermost breaker's tally.
    #[inline]
    fn tally(&self) -> Option<&Tally> {
        None
    }
}

impl Counted for Direct {}

impl<U: Counted, I: Counted> Counted for Stack<U, I> {
    #[inline]
    fn tally(&self) -> Option<&Tally> {
        self.outer.tally().or_else(|| self.inner.tally())
    }
}

impl<C, O, P> Counted for Breaking<'_, C, O, P> {
    #[inline]
    fn tally(&self) -> Option<&Tally> {
        Some(self.breaker.tally())
    }
}

impl<S, O> Counted for Fallback<S, O> {}

impl<S, C, O, P, H, B> Counted for Retry<S, C, O, P, H, B> {}

impl<S> Counted for Timeout<S> {}

/// A layer of a pipeline around a sync call.
#[diagnostic::on_unimplemented(
    message = "this pipeline does not fit this call",
    label = "a layer of `{Self}` does not fit this sync call",
    note = "a timeout, an async layer of a fallback and an async `before_retry` need an async call: `call_async`",
    note = "a retry needs a sleeper that is `Sleep`, a fallback's layers the arguments and the result of the call"
)]
pub trait Policy<A: ?Sized, T, E>: Counted {
    /// Makes the call, counted on `tally`; `watched` says that it wants to
    /// know the time of its attempts.
    ///
    /// # Errors
    /// What the call failed with, or a rejection.
    fn run(
        &self,
        args: &A,
        tally: Option<&Tally>,
        attempt: Attempt<'_, CallError<E>>,
        watched: bool,
        f: impl FnMut(&A, Attempt<'_, CallError<E>>) -> Result<T, CallError<E>>,
    ) -> Result<T, CallError<E>>;
}

impl<A: ?Sized, T, E> Policy<A, T, E> for Direct {
    #[inline]
    fn run(
        &self,
        args: &A,
        _tally: Option<&Tally>,
        attempt: Attempt<'_, CallError<E>>,
        _watched: bool,
        mut f: impl FnMut(&A, Attempt<'_, CallError<E>>) -> Result<T, CallError<E>>,
    ) -> Result<T, CallError<E>> {
        f(args, attempt)
    }
}

impl<A: ?Sized, T, E, U: Policy<A, T, E>, I: Policy<A, T, E>> Policy<A, T, E> for Stack<U, I> {
    #[inline]
    fn run(
        &self,
        args: &A,
        tally: Option<&Tally>,
        attempt: Attempt<'_, CallError<E>>,
        watched: bool,
        mut f: impl FnMut(&A, Attempt<'_, CallError<E>>) -> Result<T, CallError<E>>,
    ) -> Result<T, CallError<E>> {
        self.outer.run(args, tally, attempt, watched, |args, attempt| {
            self.inner.run(args, tally, attempt, watched, &mut f)
        })
    }
}

impl<A: ?Sized, T, E: Debug, S, O> Policy<A, T, E> for Fallback<S, O>
where
    S: Chain<A, T, E, CallError<E>>,
    O: Observer,
{
    #[inline]
    fn run(
        &self,
        args: &A,
        tally: Option<&Tally>,
        attempt: Attempt<'_, CallError<E>>,
        _watched: bool,
        mut f: impl FnMut(&A, Attempt<'_, CallError<E>>) -> Result<T, CallError<E>>,
    ) -> Result<T, CallError<E>> {
        self.settle::<A, T, E, _>(args, tally, f(args, attempt))
    }
}

impl<A: ?Sized, T, E, C: Clock, O: Observer, P: Counts<E>> Policy<A, T, E>
    for Breaking<'_, C, O, P>
{
    #[inline]
    fn run(
        &self,
        args: &A,
        _tally: Option<&Tally>,
        attempt: Attempt<'_, CallError<E>>,
        _watched: bool,
        mut f: impl FnMut(&A, Attempt<'_, CallError<E>>) -> Result<T, CallError<E>>,
    ) -> Result<T, CallError<E>> {
        let expect = |error: &CallError<E>| counts(&self.expect, error);
        self.breaker.call_if(expect, || f(args, attempt)).map_err(CallError::flatten)
    }
}

impl<A: ?Sized, T, E: Debug, S, C, O, P, H, B> Policy<A, T, E> for Retry<S, C, O, P, H, B>
where
    S: Sleep,
    C: Clock,
    O: Observer,
    P: RetryIf<CallError<E>>,
    H: DelayHint<CallError<E>>,
    B: BeforeRetry<CallError<E>>,
{
    #[inline]
    fn run(
        &self,
        args: &A,
        tally: Option<&Tally>,
        attempt: Attempt<'_, CallError<E>>,
        watched: bool,
        mut f: impl FnMut(&A, Attempt<'_, CallError<E>>) -> Result<T, CallError<E>>,
    ) -> Result<T, CallError<E>> {
        let course = Course::begin(self, watched, tally);
        self.drive(course, attempt.restarted(), |attempt| f(args, attempt))
    }
}
