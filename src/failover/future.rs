//! Asynchronous calls of a failover set, on any runtime.

use core::{
    future::Future,
    ops::ControlFlow,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use crate::{
    breaker::{
        held::HeldPermit,
        judge::{EveryError, Judge},
        permit::CallGuard,
    },
    error::Rejected,
    failover::{
        attempts::{Again, Attempts, Once},
        call::{goes_on, judged},
        choose::{Held, Pass},
        error::FailoverError,
        failover_set::FailoverSet,
        journey::Journey,
        member::Chosen,
    },
    observe::Observer,
    state::Outcome,
    time::Clock,
};

impl<'a, const N: usize, T, C: Clock, O: Observer> FailoverSet<'a, N, T, C, O> {
    /// Awaits what `f` makes for the first member that admits the call. The members are
    /// asked when the returned future is first polled.
    ///
    /// Every `Err` is a failure of that member, and so is a panic. A call that is dropped
    /// before it is done counts for nothing, and gives a probe's place back; what it took of
    /// a budget stays taken. **So a timeout belongs inside.**
    ///
    /// The returned future is `Send` where that of `f` is, and allocates nothing.
    ///
    /// # Errors
    /// [`FailoverError::Refused`] when `f` was not called, [`FailoverError::Failed`] with
    /// the call's own error when it failed.
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker, FailoverConfig, FailoverSet, Member};
    /// # use std::{future::Future, pin::pin, task::{Context, Waker}};
    ///
    /// static EU: CircuitBreaker = CircuitBreaker::new(BreakerConfig::new().build());
    /// static US: CircuitBreaker = CircuitBreaker::new(BreakerConfig::new().build());
    /// static SHOPS: FailoverSet<2, u16> = FailoverSet::new(
    ///     [Member::new("eu", &EU).at(8001), Member::new("us", &US).at(8002)],
    ///     FailoverConfig::new().build(),
    /// );
    ///
    /// async fn ask(port: u16) -> Result<u16, std::io::Error> {
    ///     Ok(port)
    /// }
    /// # let done = pin!(async {
    /// EU.trip();
    /// assert_eq!(SHOPS.call_async(|shop| ask(*shop.value())).await.unwrap(), 8002);
    /// # }).poll(&mut Context::from_waker(Waker::noop()));
    /// # assert!(done.is_ready());
    /// ```
    #[inline]
    pub fn call_async<'s, R, E, F: Future<Output = Result<R, E>>>(
        &'s self,
        f: impl FnOnce(Chosen<'s, T>) -> F,
    ) -> impl Future<Output = Result<R, FailoverError<'a, E, N>>> {
        self.run_async(EveryError, Once(Some(f)))
    }

    /// Awaits what `f` makes for the first member that admits the call, and lets `judge` say
    /// what its answer means for that member; else as [`call_async`](Self::call_async).
    ///
    /// # Errors
    /// [`FailoverError::Refused`] when `f` was not called, [`FailoverError::Failed`] with
    /// the call's own error when it failed.
    #[inline]
    pub fn call_async_judged<'s, R, E, F: Future<Output = Result<R, E>>>(
        &'s self,
        judge: impl Fn(Result<&R, &E>) -> Outcome,
        f: impl FnOnce(Chosen<'s, T>) -> F,
    ) -> impl Future<Output = Result<R, FailoverError<'a, E, N>>> {
        self.run_async(judge, Once(Some(f)))
    }

    /// Awaits what `f` makes for the first member that admits the call, and returns its own
    /// error type, which a refusal becomes; else as [`call_async`](Self::call_async).
    ///
    /// # Errors
    /// That of the call, or one made from the [`Rejected`]: with the name of the set, the
    /// state of its home, and the shortest wait.
    #[inline]
    pub fn call_async_into<'s, R, E: From<Rejected>, F: Future<Output = Result<R, E>>>(
        &'s self,
        f: impl FnOnce(Chosen<'s, T>) -> F,
    ) -> impl Future<Output = Result<R, E>> {
        let call = self.run_async(EveryError, Once(Some(f)));
        async move { call.await.map_err(FailoverError::into_own) }
    }

    /// Awaits what `f` makes for the first member that admits the call, and where that
    /// fails, what it makes for the next, each member once at most. Say this only of what
    /// may be done twice: see [`call_repeatable`](Self::call_repeatable).
    ///
    /// # Errors
    /// [`FailoverError::Refused`] when `f` was not called, [`FailoverError::Failed`] with
    /// the last member's error when it failed.
    #[inline]
    pub fn call_async_repeatable<'s, R, E, F: Future<Output = Result<R, E>>>(
        &'s self,
        f: impl FnMut(Chosen<'s, T>) -> F,
    ) -> impl Future<Output = Result<R, FailoverError<'a, E, N>>> {
        self.run_async(EveryError, Again(f))
    }

    /// Awaits what `f` makes for the first member that admits the call, and where `judge`
    /// says that its error is a failure, what it makes for the next; else as
    /// [`call_async_repeatable`](Self::call_async_repeatable).
    ///
    /// # Errors
    /// [`FailoverError::Refused`] when `f` was not called, [`FailoverError::Failed`] with
    /// the last member's error when it failed.
    #[inline]
    pub fn call_async_repeatable_judged<'s, R, E, F: Future<Output = Result<R, E>>>(
        &'s self,
        judge: impl Fn(Result<&R, &E>) -> Outcome,
        f: impl FnMut(Chosen<'s, T>) -> F,
    ) -> impl Future<Output = Result<R, FailoverError<'a, E, N>>> {
        self.run_async(judge, Again(f))
    }

    #[inline]
    fn run_async<'s, R, E, F, A, J>(
        &'s self,
        judge: J,
        attempts: A,
    ) -> Call<'s, 'a, N, T, C, O, A, F, J, E>
    where
        F: Future<Output = Result<R, E>>,
        A: Attempts<'s, T, F>,
        J: Judge<R, E>,
    {
        FailoverCall { set: self, attempts, judge, journey: None, at: 0, permit: None, call: None }
    }

    /// The home's permit, while all is well, or that of another member. A call that may go
    /// on from there has to [`settle`](Self::settle) when it is done.
    #[inline]
    pub(crate) fn pass<E>(
        &self,
        journey: &mut Option<Journey<'a, E, N>>,
        goes_on: bool,
    ) -> Result<Pass<'a, C, O>, FailoverError<'a, E, N>> {
        if journey.is_none() && self.is_calm() {
            let mut permit = HeldPermit::empty(self.members[0].breaker);
            match permit.under(|| ()) {
                Ok(()) => return Ok(Pass { at: 0, permit: Some(permit), paid: false }),
                Err(rejected) => *journey = Some(Journey::turned_away(&rejected)),
            }
        }
        self.choose(journey.get_or_insert(Journey::new()), goes_on)
    }
}

pin_project! {
    /// A call under way: of a set `S`, with a permit `P`, on a journey `G`. The permit stands
    /// before the future, so that it is dropped first.
    struct FailoverCall<'s, S, G, P, A, F, J> {
        set: &'s S,
        attempts: A,
        judge: J,
        journey: Option<G>,
        at: usize,
        permit: Option<P>,
        #[pin]
        call: Option<F>,
    }
}

/// The future of a call.
type Call<'s, 'a, const N: usize, T, C, O, A, F, J, E> =
    FailoverCall<'s, FailoverSet<'a, N, T, C, O>, Journey<'a, E, N>, Held<'a, C, O>, A, F, J>;

/// How one attempt ended.
enum Ended<E> {
    /// The permit was not there any more. That cannot be, as it was taken before.
    Lost,
    Failed(Outcome, E),
}

impl<E> From<Rejected> for Ended<E> {
    fn from(_: Rejected) -> Self {
        Self::Lost
    }
}

impl<'s, 'a, const N: usize, T, C, O, R, E, A, F, J> Future for Call<'s, 'a, N, T, C, O, A, F, J, E>
where
    C: Clock,
    O: Observer,
    A: Attempts<'s, T, F>,
    F: Future<Output = Result<R, E>>,
    J: Judge<R, E>,
{
    type Output = Result<R, FailoverError<'a, E, N>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let set = *this.set;
        loop {
            if this.call.is_none() {
                let mut pass = set.pass(this.journey, A::AGAIN)?;
                let at = pass.at;
                *this.at = at;
                let make = || this.attempts.make(set.chosen(at));
                // Should it panic, that is a failure of the member.
                let call = match &mut pass.permit {
                    Some(permit) => match permit.under(make) {
                        Ok(call) => call,
                        Err(_) => continue, // as with `Lost`
                    },
                    None => this.attempts.make(set.chosen(at)),
                };
                *this.permit = pass.permit;
                this.call.set(Some(call));
            }
            let Some(call) = this.call.as_mut().as_pin_mut() else { continue };
            let judge = &*this.judge;
            let ended = match this.permit {
                Some(permit) => {
                    let report = |guard: CallGuard<'_, C, O>, result| {
                        judged(guard, judge, result)
                            .map_err(|(outcome, error)| Ended::Failed(outcome, error))
                    };
                    ready!(permit.poll(cx, |cx| call.poll(cx), report))
                }
                None => ready!(call.poll(cx))
                    .map_err(|error| Ended::Failed(judge.judge(Err(&error)), error)),
            };
            this.call.set(None);
            *this.permit = None;
            match ended {
                Ok(answer) => {
                    if A::AGAIN
                        && let Some(journey) = this.journey
                    {
                        set.settle(journey);
                    }
                    return Poll::Ready(Ok(answer));
                }
                Err(Ended::Lost) => {}
                Err(Ended::Failed(outcome, error)) => {
                    let (at, name) = (*this.at, set.members[*this.at].name);
                    let journey = this.journey.get_or_insert(Journey::new());
                    let goes_on = A::AGAIN && goes_on(outcome);
                    if let ControlFlow::Break(error) = journey.fail(at, name, error, goes_on) {
                        set.settle(journey);
                        return Poll::Ready(Err(error));
                    }
                }
            }
        }
    }
}
