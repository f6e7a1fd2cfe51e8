//! Drives a fallback for an asynchronous call.

use core::{
    fmt::Debug,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use crate::{
    bypass,
    fallback::{
        Fallback,
        chain::{AsyncChain, Slots},
    },
    limit::deadline::until::Until,
    observe::{Observer, Tally},
};

impl<S, O: Observer> Fallback<S, O> {
    /// Awaits the future that `f` makes of `args`, and asks the layers if it
    /// fails. Sync and async layers may be mixed.
    ///
    /// ```
    /// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
    /// use fusebox::Fallback;
    ///
    /// async fn model(_: &str) -> Result<usize, &'static str> { Err("model is down") }
    /// async fn remote(_: &str) -> Result<usize, &'static str> { Err("so is this") }
    /// fn basic(words: &str) -> Result<usize, &'static str> { Ok(words.len()) }
    ///
    /// # let call = pin!(async {
    /// let infer = Fallback::new().or_async(remote).or(basic);
    /// assert_eq!(infer.call_async("fix it", model).await, Ok(6));
    /// # });
    /// # assert_eq!(call.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(()));
    /// ```
    pub fn call_async<'a, A, T, E, F>(
        &'a self,
        args: &'a A,
        f: impl FnOnce(&'a A) -> F,
    ) -> FallbackCall<'a, A, Self, F, S::Slots, S::Stage, T, E, E>
    where
        A: ?Sized,
        F: Future<Output = Result<T, E>>,
        E: Debug,
        S: AsyncChain<'a, A, T, E, E>,
    {
        FallbackCall::new(self, args, None, None, f(args))
    }
}

pin_project! {
    /// The future of [`Fallback::call_async`]: of the fallback `R` around the
    /// call `F`, whose layers leave their errors in `L` and are asked in `G`.
    // No parameter is a projection of another: see `RetryCall`.
    #[must_use = "futures do nothing unless polled"]
    pub struct FallbackCall<'a, A: ?Sized, R, F, L, G, T, E, Seen> {
        fallback: &'a R,
        args: &'a A,
        tally: Option<&'a Tally>,
        until: Option<Until<'a>>,
        // The call's own, which wants another in its place.
        answer: Option<Result<T, Seen>>,
        slots: L,
        #[pin]
        stage: Stage<F, G>,
        types: PhantomData<fn() -> E>,
    }
}

pin_project! {
    #[project = StageProjection]
    enum Stage<F, R> {
        Calling { #[pin] call: F },
        Rescuing { #[pin] rescue: R },
        Done,
    }
}

impl<'a, A: ?Sized, R, F, L: Default, G, T, E, Seen> FallbackCall<'a, A, R, F, L, G, T, E, Seen> {
    pub(crate) fn new(
        fallback: &'a R,
        args: &'a A,
        tally: Option<&'a Tally>,
        until: Option<Until<'a>>,
        call: F,
    ) -> Self {
        let (slots, stage) = (L::default(), Stage::Calling { call });
        Self { fallback, args, tally, until, answer: None, slots, stage, types: PhantomData }
    }
}

impl<'a, A, S, O, F, T, L, G, E, Seen> Future
    for FallbackCall<'a, A, Fallback<S, O>, F, L, G, T, E, Seen>
where
    A: ?Sized,
    S: AsyncChain<'a, A, T, E, Seen, Slots = L, Stage = G>,
    L: Slots<Seen>,
    O: Observer,
    F: Future<Output = Result<T, Seen>>,
    Seen: Debug,
{
    type Output = Result<T, Seen>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let fallback = *this.fallback;
        loop {
            match this.stage.as_mut().project() {
                StageProjection::Calling { call } => match ready!(call.poll(cx)) {
                    Ok(value) if !fallback.layers.wants_async(Ok(&value)) => {
                        this.stage.set(Stage::Done);
                        fallback.layers.note_async(*this.args, &value);
                        return Poll::Ready(Ok(value));
                    }
                    answer if bypass::fallbacks() || is_kept_out(&fallback.layers, &answer) => {
                        this.stage.set(Stage::Done);
                        return Poll::Ready(answer);
                    }
                    answer => {
                        *this.answer = Some(answer);
                        this.stage.set(Stage::Rescuing { rescue: fallback.layers.stage() });
                    }
                },
                StageProjection::Rescuing { rescue } => {
                    let answer = this.answer.as_ref().expect("a call left its answer");
                    let error = answer.as_ref().err();
                    let rescued = ready!(fallback.layers.poll_rescue(
                        this.args,
                        error,
                        *this.until,
                        this.slots,
                        rescue,
                        cx
                    ));
                    this.stage.set(Stage::Done);
                    let answer = this.answer.take().expect("it was there just now");
                    let (tally, slots) = (*this.tally, this.slots);
                    return Poll::Ready(fallback.finish(S::LAYERS, tally, rescued, answer, slots));
                }
                StageProjection::Done => panic!("a call was polled after it was done"),
            }
        }
    }
}

/// Whether an error of the call reaches the caller, and no layer is asked.
pub(crate) fn is_kept_out<'a, A, T, E, Seen, S>(layers: &S, answer: &Result<T, Seen>) -> bool
where
    A: ?Sized,
    S: AsyncChain<'a, A, T, E, Seen>,
{
    answer.as_ref().is_err_and(|error| !layers.wants_async(Err(error)))
}
