//! Retried calls that await their delays, on any runtime.

use core::{
    fmt::Debug,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use pin_project_lite::pin_project;

use crate::{
    error::{CallError, TimedOut},
    limit::deadline::{deadline::Deadline, until::Until},
    observe::Observer,
    retry::{
        Retry,
        attempt::Attempt,
        hooks::{Asked, AsyncBeforeRetry},
        operation::{Operation, Simple, Watching, Within},
        progress::{Decision, Progress},
        surroundings::RetrySurroundings,
    },
    time::{AsyncSleep, Clock, Pause},
};

// The bounds stand at the methods: there the compiler explains what is missing.
// `W` and `X`, the delay and what runs after it, are parameters so that no
// projection hides in the future's type: a caller's async block is `Send` by
// what it holds, and the compiler cannot look through a projection there
// (rust-lang/rust#110338).
impl<H, C: Clock, S, O: Observer> Retry<H, RetrySurroundings<C, S, O>> {
    /// Awaits the futures that `f` makes, one after another, until one succeeds
    /// or the retry gives up.
    ///
    /// Nothing happens before the first poll. Dropped at any time, it leaves
    /// nothing behind: a failed attempt's future is gone before the delay. The
    /// returned future is `Send` where its parts are, and allocates nothing. A
    /// delay of zero takes no timer.
    ///
    /// # Errors
    /// The last one, as the call returned it, or that of `before_retry`.
    ///
    /// ```
    /// # use fusebox::{DefaultObserver, ManualClock, Retry, RetryConfig};
    /// # use std::{future::{Future, ready}, pin::pin, task::{Context, Poll, Waker}};
    /// # let clock = ManualClock::new();
    /// # let sleeper = fusebox::SleepBy(|_| ready(()));
    /// // With the feature `tokio`, `Retry::new(settings)` is enough.
    /// let retry = Retry::with(RetryConfig::new().build(), &clock, sleeper, DefaultObserver);
    /// let mut answers = ["down", "42"].into_iter();
    /// # let call = pin!(async {
    /// let answer = retry.call_async(|| ready(answers.next().unwrap().parse::<i32>())).await;
    /// assert_eq!(answer, Ok(42));
    /// # });
    /// # assert_eq!(call.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(()));
    /// ```
    #[inline]
    pub fn call_async<T, E, Fut, W, X>(
        &self,
        f: impl FnMut() -> Fut,
    ) -> impl Future<Output = Result<T, E>>
    where
        Fut: Future<Output = Result<T, E>>,
        E: Debug,
        S: AsyncSleep<Sleep = W>,
        H: Asked<T, E> + AsyncBeforeRetry<E, Before = X>,
        W: Future<Output = ()>,
        X: Future<Output = Result<(), E>>,
    {
        RetryCall::idle(self, false, None, Simple(f))
    }

    /// Awaits the futures that `f` makes of each attempt until one succeeds or
    /// the retry gives up. The function sees the attempt, but its future cannot
    /// keep it: take from it what the future needs.
    ///
    /// # Errors
    /// The last one, as the call returned it, or that of `before_retry`.
    ///
    /// ```
    /// # use fusebox::{DefaultObserver, ManualClock, Retry, RetryConfig};
    /// # use std::{future::{Future, ready}, pin::pin, task::{Context, Poll, Waker}};
    /// # let clock = ManualClock::new();
    /// # let sleeper = fusebox::SleepBy(|_| ready(()));
    /// # let retry = Retry::with(RetryConfig::new().build(), &clock, sleeper, DefaultObserver);
    /// # let call = pin!(async {
    /// let answer = retry
    ///     .call_async_with(|attempt| {
    ///         let number = attempt.number();
    ///         async move { if number < 3 { Err("down") } else { Ok(number) } }
    ///     })
    ///     .await;
    /// assert_eq!(answer, Ok(3));
    /// # });
    /// # assert_eq!(call.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(()));
    /// ```
    pub fn call_async_with<T, E, Fut, W, X>(
        &self,
        f: impl FnMut(Attempt<'_, E>) -> Fut,
    ) -> impl Future<Output = Result<T, E>>
    where
        Fut: Future<Output = Result<T, E>>,
        E: Debug,
        S: AsyncSleep<Sleep = W>,
        H: Asked<T, E> + AsyncBeforeRetry<E, Before = X>,
        W: Future<Output = ()>,
        X: Future<Output = Result<(), E>>,
    {
        RetryCall::idle(self, true, None, Watching(f, PhantomData))
    }

    /// Awaits the futures that `f` makes, each for `limit` at most, until one
    /// succeeds or the retry gives up. An attempt that takes longer is dropped,
    /// and has failed with [`TimedOut`].
    ///
    /// # Errors
    /// The last one, as the call returned it, or that of `before_retry`.
    ///
    /// ```
    /// use core::time::Duration;
    /// # use fusebox::{DefaultObserver, ManualClock, Retry, RetryConfig, TimedOut};
    /// # use std::{future::{Future, pending, ready}, pin::pin, task::{Context, Poll, Waker}};
    /// # let clock = ManualClock::new();
    /// # let sleeper = fusebox::SleepBy(|_| ready(()));
    /// # let retry = Retry::with(RetryConfig::new().build(), &clock, sleeper, DefaultObserver);
    /// # let call = pin!(async {
    /// let answer = retry
    ///     .call_async_within(Duration::from_secs(1), || pending::<Result<(), TimedOut>>())
    ///     .await;
    /// assert_eq!(answer.unwrap_err().limit(), Duration::from_secs(1));
    /// # });
    /// # assert_eq!(call.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(()));
    /// ```
    pub fn call_async_within<T, E, Fut, W, X>(
        &self,
        limit: Duration,
        f: impl FnMut() -> Fut,
    ) -> impl Future<Output = Result<T, E>>
    where
        Fut: Future<Output = Result<T, E>>,
        E: Debug + From<TimedOut>,
        S: AsyncSleep<Sleep = W>,
        H: Asked<T, E> + AsyncBeforeRetry<E, Before = X>,
        W: Future<Output = ()>,
        X: Future<Output = Result<(), E>>,
    {
        RetryCall::idle(self, false, None, Within { f, sleeper: &self.surroundings.sleeper, limit })
    }

    /// Awaits the futures that `f` makes, one after another, until one succeeds, the
    /// retry gives up, or an attempt or a delay could not end before the deadline, which
    /// is one of the retry's own clock. `f` is not called where the deadline is over at
    /// the first poll.
    ///
    /// An attempt that is under way is not stopped. An answer that `retry_on` refused is
    /// not kept while the retry waits: where the delay itself ends after the deadline,
    /// such a call is made once more.
    ///
    /// # Errors
    /// [`CallError::Limited`] where `f` was not called; otherwise the last one, as the
    /// call returned it, or that of `before_retry`.
    pub fn call_async_by<T, E, Fut, W, X>(
        &self,
        deadline: Deadline,
        f: impl FnMut() -> Fut,
    ) -> impl Future<Output = Result<T, CallError<E>>>
    where
        Fut: Future<Output = Result<T, E>>,
        C: Sync,
        E: Debug,
        S: AsyncSleep<Sleep = W>,
        H: Asked<T, E> + AsyncBeforeRetry<E, Before = X>,
        W: Future<Output = ()>,
        X: Future<Output = Result<(), E>>,
    {
        let until = deadline.on(&self.surroundings.clock);
        let call = RetryCall::idle(self, false, Some(until), Simple(f));
        CallBy { until: Some(until), call }
    }
}

pin_project! {
    /// The future of a retried call: of the retry `R` around `Op`, whose call is
    /// `F`, its delay `W`, what runs before it again `X`, and its error `E`.
    #[must_use = "futures do nothing unless polled"]
    pub struct RetryCall<'r, R, Op, F, W, X, E> {
        retry: &'r R,
        op: Op,
        progress: Option<Progress<'r>>,
        // That of the attempt before.
        error: Option<E>,
        #[pin]
        stage: Stage<'r, F, W, X>,
    }
}

pin_project! {
    #[project = StageProjection]
    enum Stage<'r, F, S, B> {
        Idle { timed: bool, until: Option<Until<'r>> },
        Calling { #[pin] call: F },
        /// As `Calling`, of a later attempt, where somebody may ask which it is.
        Again { #[pin] call: F },
        Sleeping { #[pin] pause: Pause<S> },
        Preparing { #[pin] before: B },
        Done,
    }
}

impl<'r, R, Op, W, X> RetryCall<'r, R, Op, Op::Call, W, X, Op::Error>
where
    Op: Operation,
{
    fn idle(retry: &'r R, timed: bool, until: Option<Until<'r>>, op: Op) -> Self {
        Self { retry, op, progress: None, error: None, stage: Stage::Idle { timed, until } }
    }

    /// Under way already, as a layer of a pipeline is when it is made.
    pub(crate) fn started(
        retry: &'r R,
        progress: Progress<'r>,
        mut op: Op,
        attempt: Attempt<'_, Op::Error>,
    ) -> Self {
        let call = op.start(attempt);
        Self { retry, op, progress: Some(progress), error: None, stage: Stage::Calling { call } }
    }
}

impl<Op, H, C, S, O, F, W, X, E> Future
    for RetryCall<'_, Retry<H, RetrySurroundings<C, S, O>>, Op, F, W, X, E>
where
    Op: Operation<Error = E, Call = F>,
    E: Debug,
    F: Future<Output = Result<Op::Value, E>>,
    S: AsyncSleep<Sleep = W>,
    W: Future<Output = ()>,
    C: Clock,
    O: Observer,
    H: Asked<Op::Value, E> + AsyncBeforeRetry<E, Before = X>,
    X: Future<Output = Result<(), E>>,
{
    type Output = Result<Op::Value, E>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.as_mut().project();
        if let StageProjection::Idle { timed, until } = this.stage.as_mut().project() {
            *this.progress = Some(this.retry.begin(*timed, None, *until));
            let call = this.op.start(Attempt::FIRST);
            this.stage.set(Stage::Calling { call });
        }
        // A call that succeeds comes no further than this.
        let answer = match this.stage.as_mut().project() {
            StageProjection::Calling { call } => match ready!(call.poll(cx)) {
                Ok(value) if !this.retry.refuses(&value) => {
                    this.stage.set(Stage::Done);
                    return Poll::Ready(Ok(value));
                }
                answer => Some(answer),
            },
            _ => None,
        };
        self.go_on(cx, answer)
    }
}

impl<Op, H, C, S, O, F, W, X, E> RetryCall<'_, Retry<H, RetrySurroundings<C, S, O>>, Op, F, W, X, E>
where
    Op: Operation<Error = E, Call = F>,
    E: Debug,
    F: Future<Output = Result<Op::Value, E>>,
    S: AsyncSleep<Sleep = W>,
    W: Future<Output = ()>,
    C: Clock,
    O: Observer,
    H: Asked<Op::Value, E> + AsyncBeforeRetry<E, Before = X>,
    X: Future<Output = Result<(), E>>,
{
    /// What comes after the first answer, which may just have come.
    #[cold]
    #[inline(never)]
    fn go_on(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut answer: Option<Result<Op::Value, E>>,
    ) -> Poll<Result<Op::Value, E>> {
        let mut this = self.project();
        let retry = *this.retry;
        loop {
            if let Some(answer) = answer.take() {
                let progress = this.progress.as_mut().expect("a call that answered has begun");
                let Decision::Retry(delay) = progress.next(retry, answer.as_ref()) else {
                    this.stage.set(Stage::Done);
                    let kept = match &answer {
                        Err(error) if retry.hooks.gives_way(error) => this.error.take(),
                        _ => None,
                    };
                    return Poll::Ready(kept.map_or(answer, Err));
                };
                // An error that gives way leaves the one before it in its place.
                match answer.err() {
                    Some(error) if retry.hooks.gives_way(&error) && this.error.is_some() => {}
                    error => *this.error = error,
                }
                let pause = Pause::new(&retry.surroundings.sleeper, delay);
                this.stage.set(Stage::Sleeping { pause });
            }
            let polled = match this.stage.as_mut().project() {
                StageProjection::Calling { call } => call.poll(cx),
                StageProjection::Again { call } => {
                    again(retry, this.progress.as_ref(), || call.poll(cx))
                }
                StageProjection::Sleeping { pause } => {
                    ready!(pause.poll(cx));
                    if let Some(error) = too_late(retry, this.progress.as_ref(), this.error) {
                        this.stage.set(Stage::Done);
                        return Poll::Ready(Err(error));
                    }
                    let attempt = attempt(retry, this.progress.as_ref(), this.error.as_ref());
                    this.stage.set(Stage::Preparing { before: retry.hooks.before(attempt) });
                    continue;
                }
                StageProjection::Preparing { before } => {
                    if let Err(error) = ready!(before.poll(cx)) {
                        this.stage.set(Stage::Done);
                        return Poll::Ready(Err(error));
                    }
                    if let Some(error) = too_late(retry, this.progress.as_ref(), this.error) {
                        this.stage.set(Stage::Done);
                        return Poll::Ready(Err(error));
                    }
                    let attempt = attempt(retry, this.progress.as_ref(), this.error.as_ref());
                    let call = again(retry, this.progress.as_ref(), || this.op.start(attempt));
                    this.stage.set(if cfg!(feature = "map") {
                        Stage::Again { call }
                    } else {
                        Stage::Calling { call }
                    });
                    continue;
                }
                StageProjection::Idle { .. } | StageProjection::Done => {
                    panic!("a retried call was polled after it was done")
                }
            };
            match ready!(polled) {
                Ok(value) if !retry.refuses(&value) => {
                    this.stage.set(Stage::Done);
                    return Poll::Ready(Ok(value));
                }
                another => answer = Some(another),
            }
        }
    }
}

fn attempt<'e, H, C: Clock, S, O, E>(
    retry: &Retry<H, RetrySurroundings<C, S, O>>,
    progress: Option<&Progress<'_>>,
    error: Option<&'e E>,
) -> Attempt<'e, E> {
    progress.map_or(Attempt::FIRST, |progress| progress.attempt(retry, error))
}

/// Makes a later attempt, or a part of it.
fn again<H, C, S, O, R>(
    retry: &Retry<H, RetrySurroundings<C, S, O>>,
    progress: Option<&Progress<'_>>,
    f: impl FnOnce() -> R,
) -> R {
    match progress {
        Some(progress) => progress.again(retry, f),
        None => f(),
    }
}

/// The error that a call ends with whose next attempt would begin after its deadline.
fn too_late<H, C: Clock, S, O: Observer, E: Debug>(
    retry: &Retry<H, RetrySurroundings<C, S, O>>,
    progress: Option<&Progress<'_>>,
    error: &mut Option<E>,
) -> Option<E> {
    // Without an error a value was refused, which is not here any more.
    let previous = error.as_ref()?;
    if progress?.is_late(retry, Some(previous)) { error.take() } else { None }
}

pin_project! {
    /// A retried call that is not made after its deadline.
    struct CallBy<'r, F> {
        // None once it has begun.
        until: Option<Until<'r>>,
        #[pin]
        call: F,
    }
}

impl<T, E, F: Future<Output = Result<T, E>>> Future for CallBy<'_, F> {
    type Output = Result<T, CallError<E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Some(until) = this.until.take() {
            until.admit()?;
        }
        this.call.poll(cx).map_err(CallError::Failed)
    }
}
