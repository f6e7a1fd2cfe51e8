//! Drives a retry for an asynchronous call.

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
    error::TimedOut,
    observe::Observer,
    retry::{
        Course, Decision, Retry,
        attempt::Attempt,
        hooks::{AsyncBeforeRetry, DelayHint, RetryIf},
        operation::{Operation, Simple, Watching, Within},
    },
    time::{AsyncSleep, Clock, TimeoutCall},
};

// The bounds stand at the methods, and no result names a projection: so the
// compiler explains what is missing.
impl<S, C: Clock, O: Observer, P, H, B> Retry<S, C, O, P, H, B> {
    /// Awaits what `f` makes until it succeeds, or an error or a limit ends it.
    ///
    /// Nothing happens before the first poll. Dropped at any time, it leaves
    /// nothing behind: a failed attempt's future is gone before the delay.
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
    pub fn call_async<T, E, F, Fut, W, X>(
        &self,
        f: F,
    ) -> RetryCall<'_, Self, Simple<F>, Fut, W, X, E>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: Debug,
        S: AsyncSleep<Sleep = W>,
        P: RetryIf<E>,
        H: DelayHint<E>,
        B: AsyncBeforeRetry<E, Before = X>,
        W: Future<Output = ()>,
        X: Future<Output = Result<(), E>>,
    {
        RetryCall::idle(self, Simple(f))
    }

    /// The same for a call that wants to know which attempt it is. The attempt
    /// is seen by the function, not kept by its future: take from it what the
    /// future needs.
    pub fn call_async_with<T, E, F, Fut, W, X>(
        &self,
        f: F,
    ) -> RetryCall<'_, Self, Watching<F, E>, Fut, W, X, E>
    where
        F: FnMut(Attempt<'_, E>) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: Debug,
        S: AsyncSleep<Sleep = W>,
        P: RetryIf<E>,
        H: DelayHint<E>,
        B: AsyncBeforeRetry<E, Before = X>,
        W: Future<Output = ()>,
        X: Future<Output = Result<(), E>>,
    {
        RetryCall::idle(self, Watching(f, PhantomData))
    }

    /// The same with a limit for each attempt: one that takes longer is
    /// dropped, and has failed with [`TimedOut`].
    #[allow(clippy::type_complexity)] // the type is the list of what it waits for
    pub fn call_async_within<T, E, F, Fut, W, X>(
        &self,
        limit: Duration,
        f: F,
    ) -> RetryCall<'_, Self, Within<'_, F, S>, TimeoutCall<Fut, W>, W, X, E>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: Debug + From<TimedOut>,
        S: AsyncSleep<Sleep = W>,
        P: RetryIf<E>,
        H: DelayHint<E>,
        B: AsyncBeforeRetry<E, Before = X>,
        W: Future<Output = ()>,
        X: Future<Output = Result<(), E>>,
    {
        RetryCall::idle(self, Within { f, sleeper: &self.sleeper, limit })
    }
}

pin_project! {
    /// The future of [`Retry::call_async`]: of the retry `R` around `Op`,
    /// whose call is `F`, its delay `W`, what runs before it again `X`, and
    /// its error `E`.
    // All of them parameters, and none a projection of another: a caller's
    // async block is `Send` by what it holds, and the compiler cannot look
    // through a projection there (rust-lang/rust#110338).
    #[must_use = "futures do nothing unless polled"]
    pub struct RetryCall<'r, R, Op, F, W, X, E> {
        retry: &'r R,
        op: Op,
        course: Option<Course<'r>>,
        // That of the attempt before.
        error: Option<E>,
        #[pin]
        stage: Stage<F, W, X>,
    }
}

pin_project! {
    #[project = StageProjection]
    enum Stage<F, S, B> {
        Idle,
        Calling { #[pin] call: F },
        Sleeping { #[pin] sleep: S },
        Preparing { #[pin] before: B },
        Done,
    }
}

impl<'r, R, Op, W, X> RetryCall<'r, R, Op, Op::Call, W, X, Op::Error>
where
    Op: Operation,
{
    fn idle(retry: &'r R, op: Op) -> Self {
        Self { retry, op, course: None, error: None, stage: Stage::Idle }
    }

    /// Under way already, as a layer of a pipeline is when it is made.
    pub(crate) fn started(
        retry: &'r R,
        course: Course<'r>,
        mut op: Op,
        attempt: Attempt<'_, Op::Error>,
    ) -> Self {
        let call = op.start(attempt);
        Self { retry, op, course: Some(course), error: None, stage: Stage::Calling { call } }
    }
}

impl<Op, S, C, O, P, H, B, F, W, X, E> Future
    for RetryCall<'_, Retry<S, C, O, P, H, B>, Op, F, W, X, E>
where
    Op: Operation<Error = E, Call = F>,
    E: Debug,
    F: Future<Output = Result<Op::Value, E>>,
    S: AsyncSleep<Sleep = W>,
    W: Future<Output = ()>,
    C: Clock,
    O: Observer,
    P: RetryIf<E>,
    H: DelayHint<E>,
    B: AsyncBeforeRetry<E, Before = X>,
    X: Future<Output = Result<(), E>>,
{
    type Output = Result<Op::Value, E>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.as_mut().project();
        if let StageProjection::Idle = this.stage.as_mut().project() {
            *this.course = Some(Course::begin(*this.retry, Op::WATCHED, None));
            let call = this.op.start(Attempt::FIRST);
            this.stage.set(Stage::Calling { call });
        }
        // A call that succeeds comes no further than this.
        let failed = match this.stage.as_mut().project() {
            StageProjection::Calling { call } => match ready!(call.poll(cx)) {
                Ok(value) => {
                    this.stage.set(Stage::Done);
                    return Poll::Ready(Ok(value));
                }
                Err(error) => Some(error),
            },
            _ => None,
        };
        self.go_on(cx, failed)
    }
}

impl<Op, S, C, O, P, H, B, F, W, X, E> RetryCall<'_, Retry<S, C, O, P, H, B>, Op, F, W, X, E>
where
    Op: Operation<Error = E, Call = F>,
    E: Debug,
    F: Future<Output = Result<Op::Value, E>>,
    S: AsyncSleep<Sleep = W>,
    W: Future<Output = ()>,
    C: Clock,
    O: Observer,
    P: RetryIf<E>,
    H: DelayHint<E>,
    B: AsyncBeforeRetry<E, Before = X>,
    X: Future<Output = Result<(), E>>,
{
    /// What comes after a failure, which may just have `failed`.
    #[cold]
    #[inline(never)]
    fn go_on(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut failed: Option<E>,
    ) -> Poll<Result<Op::Value, E>> {
        let mut this = self.project();
        let retry = *this.retry;
        loop {
            if let Some(error) = failed.take() {
                let course = this.course.as_mut().expect("a call began its course");
                let Decision::Retry(delay) = course.next(retry, &error) else {
                    this.stage.set(Stage::Done);
                    return Poll::Ready(Err(error));
                };
                *this.error = Some(error);
                this.stage.set(Stage::Sleeping { sleep: retry.sleeper.sleep_async(delay) });
            }
            let next = match this.stage.as_mut().project() {
                StageProjection::Calling { call } => match ready!(call.poll(cx)) {
                    Ok(value) => {
                        this.stage.set(Stage::Done);
                        return Poll::Ready(Ok(value));
                    }
                    Err(error) => {
                        failed = Some(error);
                        continue;
                    }
                },
                StageProjection::Sleeping { sleep } => {
                    ready!(sleep.poll(cx));
                    let attempt = attempt(retry, this.course.as_ref(), this.error.as_ref());
                    Stage::Preparing { before: retry.before.before(attempt) }
                }
                StageProjection::Preparing { before } => {
                    if let Err(error) = ready!(before.poll(cx)) {
                        this.stage.set(Stage::Done);
                        return Poll::Ready(Err(error));
                    }
                    let attempt = attempt(retry, this.course.as_ref(), this.error.as_ref());
                    Stage::Calling { call: this.op.start(attempt) }
                }
                StageProjection::Idle | StageProjection::Done => {
                    panic!("a retried call was polled after it was done")
                }
            };
            this.stage.set(next);
        }
    }
}

fn attempt<'e, S, C: Clock, O, P, H, B, E>(
    retry: &Retry<S, C, O, P, H, B>,
    course: Option<&Course<'_>>,
    error: Option<&'e E>,
) -> Attempt<'e, E> {
    match (course, error) {
        (Some(course), Some(error)) => course.attempt(retry, error),
        _ => Attempt::FIRST,
    }
}
