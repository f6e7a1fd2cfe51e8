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
    #[allow(clippy::type_complexity)] // the type is the list of the future's parts
    pub fn call_async<'a, A, T, E, F, M>(
        &'a self,
        args: &'a A,
        f: M,
    ) -> FallbackCall<'a, A, Self, Call<'a, A, M>, F, S::Slots, S::Stage, T, E, E>
    where
        A: ?Sized,
        M: FnOnce(&'a A) -> F,
        F: Future<Output = Result<T, E>>,
        E: Debug,
        S: AsyncChain<'a, A, T, E, E>,
    {
        if self.layers.comes_first_async() && !bypass::fallbacks() {
            let stage = self.layers.stage();
            return FallbackCall::cheap(self, args, None, None, stage, Call { args, f });
        }
        FallbackCall::new(self, args, None, None, f(args))
    }
}

/// A call that may be made later.
pub trait Later<F> {
    /// Makes it.
    #[doc(hidden)]
    fn start(self) -> F;
}

/// A function and its arguments.
#[derive(Debug)]
pub struct Call<'a, A: ?Sized, M> {
    args: &'a A,
    f: M,
}

impl<'a, A: ?Sized, F, M: FnOnce(&'a A) -> F> Later<F> for Call<'a, A, M> {
    fn start(self) -> F {
        (self.f)(self.args)
    }
}

pin_project! {
    /// The future of [`Fallback::call_async`]: of the fallback `R` around the
    /// call `F`, which `I` makes later where the layers are asked first. They leave their
    /// errors in `L` and are asked in `G`.
    // No parameter is a projection of another: see `RetryCall`.
    #[must_use = "futures do nothing unless polled"]
    pub struct FallbackCall<'a, A: ?Sized, R, I, F, L, G, T, E, Seen> {
        fallback: &'a R,
        args: &'a A,
        tally: Option<&'a Tally>,
        until: Option<Until<'a>>,
        // The call's own, which wants another in its place.
        answer: Option<Result<T, Seen>>,
        slots: L,
        #[pin]
        stage: Stage<I, F, G>,
        types: PhantomData<fn() -> E>,
    }
}

pin_project! {
    #[project = StageProjection]
    enum Stage<I, F, R> {
        // The layers come first.
        Cheap { #[pin] rescue: R, later: Option<I> },
        // No layer has answered.
        Last { #[pin] call: F },
        Calling { #[pin] call: F },
        Rescuing { #[pin] rescue: R },
        Done,
    }
}

impl<'a, A: ?Sized, R, I, F, L: Default, G, T, E, Seen>
    FallbackCall<'a, A, R, I, F, L, G, T, E, Seen>
{
    /// The layers first.
    #[cold]
    pub(crate) fn cheap(
        fallback: &'a R,
        args: &'a A,
        tally: Option<&'a Tally>,
        until: Option<Until<'a>>,
        rescue: G,
        later: I,
    ) -> Self {
        let (slots, stage) = (L::default(), Stage::Cheap { rescue, later: Some(later) });
        Self { fallback, args, tally, until, answer: None, slots, stage, types: PhantomData }
    }

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

impl<'a, A, S, O, I, F, T, L, G, E, Seen> Future
    for FallbackCall<'a, A, Fallback<S, O>, I, F, L, G, T, E, Seen>
where
    I: Later<F>,
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
                StageProjection::Cheap { rescue, later } => {
                    let (args, until, slots) = (*this.args, *this.until, &mut *this.slots);
                    let rescued = fallback.layers.poll_rescue(args, None, until, slots, rescue, cx);
                    if let Some(rescued) = ready!(rescued) {
                        this.stage.set(Stage::Done);
                        return Poll::Ready(Ok(fallback.came_first(*this.tally, rescued, slots)));
                    }
                    let later = later.take().expect("a call is made once");
                    this.stage.set(Stage::Last { call: later.start() });
                }
                StageProjection::Last { call } => {
                    let answer = ready!(call.poll(cx));
                    this.stage.set(Stage::Done);
                    match &answer {
                        Ok(value) if !fallback.layers.wants_async(Ok(value)) => {
                            fallback.layers.note_async(*this.args, value);
                        }
                        answer if is_kept_out(&fallback.layers, answer) => {}
                        answer => {
                            fallback.none_answered(S::LAYERS, *this.tally, answer, this.slots);
                        }
                    }
                    return Poll::Ready(answer);
                }
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
