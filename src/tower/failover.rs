//! A failover set of services.

use core::{
    array, fmt,
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use tower_service::Service;

use crate::{
    breaker::{
        judge::{EveryError, Judge},
        permit::CallGuard,
    },
    error::Rejected,
    failover::{FailoverError, FailoverSet, Held, Journey, Pass, Refusals},
    observe::Observer,
    state::Outcome,
    time::Clock,
};

/// A balancer of services: the first one that its member of a
/// [`FailoverSet`] admits a call to takes it.
///
/// There is one service for each member, in the same order. The set is asked in
/// `poll_ready`, and then the chosen member's service gets ready; the others are not polled.
/// Where no member admits a call, that comes from `call`, as a [`FailoverError::Refused`] at
/// once, since an error from `poll_ready` would say that all is gone for good. So it does
/// where the last service is gone: one whose own `poll_ready` failed counts as a failure of
/// its member, and is not asked any more.
///
/// A member that was chosen, and whose breaker opened before the call, admits nothing any
/// more: `poll_ready` chooses again, and `call` refuses. What was reserved and not used is
/// given back when the service is dropped. Clones share the set, but no reservation.
///
/// A call that failed is not made again. Where it may be, put a retry around this.
///
/// ```
/// # async fn example() {
/// use std::io;
/// use fusebox::{
///     BreakerConfig, CircuitBreaker, FailoverConfig, FailoverSet, Member, tower::FailoverService,
/// };
/// use tower::{Service, ServiceExt, service_fn};
///
/// static EU: CircuitBreaker = CircuitBreaker::named("eu", BreakerConfig::new().build());
/// static US: CircuitBreaker = CircuitBreaker::named("us", BreakerConfig::new().build());
/// static SHOPS: FailoverSet<2> = FailoverSet::new(
///     [Member::new("eu", &EU), Member::new("us", &US)],
///     FailoverConfig::new().build(),
/// );
///
/// let shop = |region| service_fn(move |id: u32| async move { Ok::<_, io::Error>((region, id)) });
/// let mut shops = FailoverService::new(&SHOPS, [shop("eu"), shop("us")]);
/// assert_eq!(shops.ready().await.unwrap().call(7).await.unwrap(), ("eu", 7));
/// EU.trip();
/// assert_eq!(shops.ready().await.unwrap().call(7).await.unwrap(), ("us", 7));
/// # }
/// ```
pub struct FailoverService<'a, S, const N: usize, T, C, O, J = EveryError>
where
    C: Clock,
    O: Observer,
{
    set: &'a FailoverSet<'a, N, T, C, O>,
    /// None where it is gone for good.
    services: [Option<S>; N],
    judge: J,
    next: Next<'a, N, C, O>,
}

/// What becomes of the next call.
enum Next<'a, const N: usize, C: Clock, O: Observer> {
    /// No member is chosen.
    Unknown,
    /// This member takes it.
    Chosen(Pass<'a, C, O>),
    /// None does.
    Refused(Refusals<'a, N>),
}

impl<'a, S, const N: usize, T, C: Clock, O: Observer> FailoverService<'a, S, N, T, C, O> {
    /// Makes a service of one for each member of the set. Every error is a failure.
    #[must_use]
    pub fn new(set: &'a FailoverSet<'a, N, T, C, O>, services: [S; N]) -> Self {
        let services = services.map(Some);
        Self { set, services, judge: EveryError, next: Next::Unknown }
    }
}

impl<'a, S, const N: usize, T, C: Clock, O: Observer, J> FailoverService<'a, S, N, T, C, O, J> {
    /// Lets `judge`, a `Fn(Result<&Response, &Error>) -> Outcome`, say what each answer
    /// means.
    #[must_use]
    pub fn judged<K>(mut self, judge: K) -> FailoverService<'a, S, N, T, C, O, K> {
        let services = array::from_fn(|at| self.services[at].take());
        FailoverService { set: self.set, services, judge, next: Next::Unknown }
    }

    /// Returns the set.
    #[must_use]
    pub const fn set(&self) -> &'a FailoverSet<'a, N, T, C, O> {
        self.set
    }

    /// Gives back what was reserved for a call.
    fn give_back(&mut self) {
        if let Next::Chosen(pass) = mem::replace(&mut self.next, Next::Unknown) {
            self.set.give_back(&pass);
        }
    }

    /// Finds a member whose service is ready.
    fn poll_members<Request>(
        &mut self,
        cx: &mut Context<'_>,
        journey: &mut Option<Journey<'a, S::Error, N>>,
    ) -> Poll<Result<(), FailoverError<'a, S::Error, N>>>
    where
        S: Service<Request>,
    {
        loop {
            if let Next::Chosen(pass) = &mut self.next
                && Self::still_admits(pass).is_err()
            {
                self.give_back();
            }
            if !matches!(self.next, Next::Chosen(_)) {
                match self.set.pass(journey, true) {
                    Ok(pass) => self.next = Next::Chosen(pass),
                    Err(FailoverError::Refused(refusals)) => {
                        self.next = Next::Refused(refusals); // `call` says so
                        return Poll::Ready(Ok(()));
                    }
                    Err(gone) => return Poll::Ready(Err(gone)),
                }
            }
            let Next::Chosen(Pass { at, permit, .. }) = &mut self.next else { continue };
            let at = *at;
            let name = self.set.members()[at].name();
            let journey = journey.get_or_insert(Journey::new());
            let Some(service) = &mut self.services[at] else {
                // It is gone, and its breaker does not know yet.
                self.give_back();
                journey.skip(at);
                continue;
            };
            match ready!(service.poll_ready(cx)) {
                Ok(()) => return Poll::Ready(Ok(())),
                Err(error) => {
                    // A service that cannot even get ready has failed, for good.
                    if let Some(Ok(guard)) = permit.as_mut().map(Held::arm) {
                        guard.end(Outcome::Failure);
                    }
                    self.services[at] = None;
                    self.give_back();
                    // It goes on, as nothing was called.
                    let _ = journey.fail(at, name, error, true);
                }
            }
        }
    }

    /// Whether the reservation still holds: the breaker admits the call as before.
    fn still_admits(pass: &mut Pass<'a, C, O>) -> Result<(), Rejected> {
        pass.permit.as_mut().map_or(Ok(()), |held| held.reserve(true))
    }
}

impl<S, const N: usize, T, C: Clock, O: Observer, J> Drop
    for FailoverService<'_, S, N, T, C, O, J>
{
    fn drop(&mut self) {
        self.give_back();
    }
}

impl<S: Clone, const N: usize, T, C: Clock, O: Observer, J: Clone> Clone
    for FailoverService<'_, S, N, T, C, O, J>
{
    fn clone(&self) -> Self {
        let (services, judge) = (self.services.clone(), self.judge.clone());
        Self { set: self.set, services, judge, next: Next::Unknown }
    }
}

impl<S: fmt::Debug, const N: usize, T: fmt::Debug, C: Clock, O: Observer, J> fmt::Debug
    for FailoverService<'_, S, N, T, C, O, J>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FailoverService")
            .field("set", &self.set)
            .field("services", &self.services)
            .finish_non_exhaustive()
    }
}

impl<'a, S, Request, const N: usize, T, C, O, J> Service<Request>
    for FailoverService<'a, S, N, T, C, O, J>
where
    S: Service<Request>,
    C: Clock,
    O: Observer,
    J: Judge<S::Response, S::Error> + Clone,
{
    type Response = S::Response;
    type Error = FailoverError<'a, S::Error, N>;
    type Future = FailoverFuture<'a, S::Future, Refusals<'a, N>, C, O, J>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        let mut journey = None;
        let ready = self.poll_members(cx, &mut journey);
        if let Some(journey) = &mut journey {
            self.set.settle(journey);
        }
        ready
    }

    /// # Panics
    /// Where `poll_ready` did not say that it is ready, as tower allows.
    fn call(&mut self, request: Request) -> Self::Future {
        match mem::replace(&mut self.next, Next::Unknown) {
            Next::Refused(refusals) => FailoverFuture::Refused { refusals: Some(refusals) },
            Next::Unknown => panic!("called before `poll_ready` said that it is ready"),
            Next::Chosen(mut pass) => {
                let (at, name) = (pass.at, self.set.members()[pass.at].name());
                // It may have been reserved before the breaker opened.
                if let Err(rejected) = Self::still_admits(&mut pass) {
                    self.set.give_back(&pass);
                    let refusals = Some(self.set.refused_at(at, &rejected));
                    return FailoverFuture::Refused { refusals };
                }
                let Some(service) = &mut self.services[at] else {
                    panic!("called after `poll_ready` had failed")
                };
                let mut permit = pass.permit;
                let call = match &mut permit {
                    // Should it panic, that is a failure of the member.
                    Some(permit) => match permit.under(|| service.call(request)) {
                        Ok(call) => call,
                        Err(rejected) => {
                            let refusals = Some(self.set.refused_at(at, &rejected));
                            return FailoverFuture::Refused { refusals };
                        }
                    },
                    None => service.call(request),
                };
                FailoverFuture::Called { permit, judge: self.judge.clone(), name, call }
            }
        }
    }
}

pin_project! {
    /// The future of a [`FailoverService`].
    #[project = FailoverProjection]
    #[must_use = "futures do nothing unless polled"]
    pub enum FailoverFuture<'a, F, G, C: Clock, O: Observer, J> {
        /// Under way. The permit stands before the call, so that it is dropped first.
        #[doc(hidden)]
        Called {
            permit: Option<Held<'a, C, O>>,
            judge: J,
            name: &'a str,
            #[pin]
            call: F,
        },
        /// Not called.
        #[doc(hidden)]
        Refused { refusals: Option<G> },
    }
}

impl<'a, R, E, const N: usize, F, C, O, J> Future
    for FailoverFuture<'a, F, Refusals<'a, N>, C, O, J>
where
    F: Future<Output = Result<R, E>>,
    C: Clock,
    O: Observer,
    J: Judge<R, E>,
{
    type Output = Result<R, FailoverError<'a, E, N>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            FailoverProjection::Refused { refusals } => {
                let refusals = refusals.take().expect("polled after it was done");
                Poll::Ready(Err(FailoverError::Refused(refusals)))
            }
            FailoverProjection::Called { permit: None, name, call, .. } => {
                let member = *name;
                call.poll(cx).map_err(|error| FailoverError::Failed { member, error })
            }
            FailoverProjection::Called { permit: Some(permit), judge, name, call } => {
                let report = |guard: CallGuard<'_, C, O>, result| {
                    guard.report(|answer| judge.judge(answer), result, Ended::Failed)
                };
                let member = *name;
                permit.poll(cx, |cx| call.poll(cx), report).map_err(|ended| match ended {
                    Ended::Failed(error) => FailoverError::Failed { member, error },
                    Ended::Lost => unreachable!("its permit was taken before the call"),
                })
            }
        }
    }
}

/// How a call ended that gave no answer.
enum Ended<E> {
    /// The permit was not there any more.
    Lost,
    Failed(E),
}

impl<E> From<Rejected> for Ended<E> {
    fn from(_: Rejected) -> Self {
        Self::Lost
    }
}
