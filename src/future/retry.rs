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
    attempt::Attempt,
    clock::Clock,
    error::TimedOut,
    event::Observer,
    future::operation::{Operation, Simple, Watching, Within},
    retry::{
        Course, Decision, Retry,
        hooks::{AsyncBeforeRetry, DelayHint, RetryIf},
    },
    sleep::AsyncSleep,
};

impl<S: AsyncSleep, C: Clock, O: Observer, P, H, B> Retry<S, C, O, P, H, B> {
    /// Awaits what `f` makes until it succeeds, or an error or a limit ends it.
    ///
    /// Nothing happens before the first poll. Dropped at any time, it leaves
    /// nothing behind: a failed attempt's future is gone before the delay.
    ///
    /// ```
    /// # use fusebox::{DefaultObserver, ManualClock, Retry, RetryConfig};
    /// # use std::{future::{Future, ready}, pin::pin, task::{Context, Poll, Waker}};
    /// # let clock = ManualClock::new();
    /// # let sleeper = |_| ready(());
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
    pub fn call_async<T, E, F, Fut>(&self, f: F) -> RetryCall<'_, Simple<F>, S, C, O, P, H, B>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: Debug,
        P: RetryIf<E>,
        H: DelayHint<E>,
        B: AsyncBeforeRetry<E>,
    {
        RetryCall::idle(self, Simple(f))
    }

    /// The same for a call that wants to know which attempt it is. The attempt
    /// is seen by the function, not kept by its future: take from it what the
    /// future needs.
    pub fn call_async_with<T, E, F, Fut>(
        &self,
        f: F,
    ) -> RetryCall<'_, Watching<F, E>, S, C, O, P, H, B>
    where
        F: FnMut(Attempt<'_, E>) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: Debug,
        P: RetryIf<E>,
        H: DelayHint<E>,
        B: AsyncBeforeRetry<E>,
    {
        RetryCall::idle(self, Watching(f, PhantomData))
    }

    /// The same with a limit for each attempt: one that takes longer is
    /// dropped, and has failed with [`TimedOut`].
    pub fn call_async_within<T, E, F, Fut>(
        &self,
        limit: Duration,
        f: F,
    ) -> RetryCall<'_, Within<'_, F, S>, S, C, O, P, H, B>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: Debug + From<TimedOut>,
        P: RetryIf<E>,
        H: DelayHint<E>,
        B: AsyncBeforeRetry<E>,
    {
        RetryCall::idle(self, Within { f, sleeper: &self.sleeper, limit })
    }
}

pin_project! {
    /// The future of [`Retry::call_async`].
    #[must_use = "futures do nothing unless polled"]
    pub struct RetryCall<'r, Op: Operation, S: AsyncSleep, C, O, P, H, B: AsyncBeforeRetry<Op::Error>>
    {
        retry: &'r Retry<S, C, O, P, H, B>,
        op: Op,
        course: Option<Course>,
        // That of the attempt before.
        error: Option<Op::Error>,
        #[pin]
        stage: Stage<Op::Call, S::Sleep, B::Before>,
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

impl<'r, Op, S, C, O, P, H, B> RetryCall<'r, Op, S, C, O, P, H, B>
where
    Op: Operation,
    S: AsyncSleep,
    C: Clock,
    B: AsyncBeforeRetry<Op::Error>,
{
    fn idle(retry: &'r Retry<S, C, O, P, H, B>, op: Op) -> Self {
        Self { retry, op, course: None, error: None, stage: Stage::Idle }
    }

    /// Under way already, as a layer of a pipeline is when it is made.
    pub(crate) fn started(
        retry: &'r Retry<S, C, O, P, H, B>,
        mut op: Op,
        attempt: Attempt<'_, Op::Error>,
    ) -> Self {
        let course = Some(Course::begin(retry, Op::WATCHED));
        let call = op.start(attempt);
        Self { retry, op, course, error: None, stage: Stage::Calling { call } }
    }
}

impl<Op, S, C, O, P, H, B> Future for RetryCall<'_, Op, S, C, O, P, H, B>
where
    Op: Operation,
    Op::Error: Debug,
    S: AsyncSleep,
    C: Clock,
    O: Observer,
    P: RetryIf<Op::Error>,
    H: DelayHint<Op::Error>,
    B: AsyncBeforeRetry<Op::Error>,
{
    type Output = Result<Op::Value, Op::Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let retry = *this.retry;
        loop {
            let next = match this.stage.as_mut().project() {
                StageProjection::Idle => {
                    *this.course = Some(Course::begin(retry, Op::WATCHED));
                    Stage::Calling { call: this.op.start(Attempt::FIRST) }
                }
                StageProjection::Calling { call } => match ready!(call.poll(cx)) {
                    Ok(value) => {
                        this.stage.set(Stage::Done);
                        return Poll::Ready(Ok(value));
                    }
                    Err(error) => {
                        let course = this.course.as_mut().expect("a call began its course");
                        let Decision::Retry(delay) = course.next(retry, &error) else {
                            this.stage.set(Stage::Done);
                            return Poll::Ready(Err(error));
                        };
                        *this.error = Some(error);
                        Stage::Sleeping { sleep: retry.sleeper.sleep(delay) }
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
                StageProjection::Done => panic!("a retried call was polled after it was done"),
            };
            this.stage.set(next);
        }
    }
}

fn attempt<'e, S, C: Clock, O, P, H, B, E>(
    retry: &Retry<S, C, O, P, H, B>,
    course: Option<&Course>,
    error: Option<&'e E>,
) -> Attempt<'e, E> {
    match (course, error) {
        (Some(course), Some(error)) => course.attempt(retry, error),
        _ => Attempt::FIRST,
    }
}
