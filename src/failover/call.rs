//! Calls of a failover set.

use core::ops::ControlFlow;

use crate::{
    breaker::{
        held::HeldPermit,
        judge::{EveryError, Judge},
        permit::CallGuard,
    },
    error::Rejected,
    failover::{
        attempts::{Again, Attempts, Once},
        choose::Pass,
        course::Course,
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
    /// Calls `f` with the first member that admits the call. Every `Err` is a failure of
    /// that member, and so is a panic.
    ///
    /// # Errors
    /// [`FailoverError::Refused`] when `f` was not called, [`FailoverError::Failed`] with
    /// its own error when it failed.
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker, FailoverConfig, FailoverSet, Member};
    ///
    /// static EU: CircuitBreaker = CircuitBreaker::new(BreakerConfig::new().build());
    /// static US: CircuitBreaker = CircuitBreaker::new(BreakerConfig::new().build());
    /// static SHOPS: FailoverSet<2, u16> = FailoverSet::new(
    ///     [Member::new("eu", &EU).at(8001), Member::new("us", &US).at(8002)],
    ///     FailoverConfig::new().build(),
    /// );
    ///
    /// assert_eq!(SHOPS.call(|shop| Ok::<_, ()>((shop.name(), *shop.value()))), Ok(("eu", 8001)));
    /// EU.trip();
    /// assert_eq!(SHOPS.call(|shop| Ok::<_, ()>((shop.name(), *shop.value()))), Ok(("us", 8002)));
    /// ```
    #[inline]
    pub fn call<'s, R, E>(
        &'s self,
        f: impl FnOnce(Chosen<'s, T>) -> Result<R, E>,
    ) -> Result<R, FailoverError<'a, E, N>> {
        self.run(&EveryError, Once(Some(f)))
    }

    /// Calls `f` with the first member that admits the call, and lets `judge` say what its
    /// answer means for that member: a success, a failure, or nothing.
    ///
    /// # Errors
    /// [`FailoverError::Refused`] when `f` was not called, [`FailoverError::Failed`] with
    /// its own error when it failed.
    #[inline]
    pub fn call_judged<'s, R, E>(
        &'s self,
        judge: impl Fn(Result<&R, &E>) -> Outcome,
        f: impl FnOnce(Chosen<'s, T>) -> Result<R, E>,
    ) -> Result<R, FailoverError<'a, E, N>> {
        self.run(&judge, Once(Some(f)))
    }

    /// Calls `f` with the first member that admits the call, and returns its own error type:
    /// a refusal becomes one of it. It works for every `E: From<Rejected>`: your own,
    /// `anyhow::Error`, `Box<dyn Error + Send + Sync>`, `std::io::Error`.
    ///
    /// # Errors
    /// That of `f`, or one made from the [`Rejected`]: with the name of the set, the state
    /// of its home, and the shortest wait.
    #[inline]
    pub fn call_into<'s, R, E: From<Rejected>>(
        &'s self,
        f: impl FnOnce(Chosen<'s, T>) -> Result<R, E>,
    ) -> Result<R, E> {
        self.call(f).map_err(FailoverError::into_own)
    }

    /// Calls `f` with the first member that admits the call, and where it fails there, again
    /// with the next, each member once at most. Say this only of what may be done twice: a
    /// call that failed may have done its work.
    ///
    /// Every `Err` is a failure. Each further call is taken from the budget of the member
    /// that takes it, be it the home.
    ///
    /// # Errors
    /// [`FailoverError::Refused`] when `f` was not called, [`FailoverError::Failed`] with
    /// the last member's error when it failed.
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker, FailoverConfig, FailoverSet, Member};
    ///
    /// let eu = CircuitBreaker::new(BreakerConfig::new().build());
    /// let us = CircuitBreaker::new(BreakerConfig::new().build());
    /// let members = [Member::new("eu", &eu), Member::new("us", &us)];
    /// let set = FailoverSet::new(members, FailoverConfig::new().build());
    /// let read = |name: &str| if name == "eu" { Err("down") } else { Ok(42) };
    /// assert_eq!(set.call_repeatable(|member| read(member.name())), Ok(42));
    /// ```
    #[inline]
    pub fn call_repeatable<'s, R, E>(
        &'s self,
        f: impl FnMut(Chosen<'s, T>) -> Result<R, E>,
    ) -> Result<R, FailoverError<'a, E, N>> {
        self.run(&EveryError, Again(f))
    }

    /// Calls `f` with the first member that admits the call. Where `judge` says that the
    /// answer, an error, is a failure, it calls `f` again with the next, as
    /// [`call_repeatable`](Self::call_repeatable) does. Errors that are none are returned at
    /// once.
    ///
    /// # Errors
    /// [`FailoverError::Refused`] when `f` was not called, [`FailoverError::Failed`] with
    /// the last member's error when it failed.
    #[inline]
    pub fn call_repeatable_judged<'s, R, E>(
        &'s self,
        judge: impl Fn(Result<&R, &E>) -> Outcome,
        f: impl FnMut(Chosen<'s, T>) -> Result<R, E>,
    ) -> Result<R, FailoverError<'a, E, N>> {
        self.run(&judge, Again(f))
    }

    #[inline]
    fn run<'s, R, E, A: Attempts<'s, T, Result<R, E>>>(
        &'s self,
        judge: &impl Judge<R, E>,
        mut attempts: A,
    ) -> Result<R, FailoverError<'a, E, N>> {
        if !self.is_calm() {
            return self.run_elsewhere(judge, attempts, Journey::new());
        }
        let mut permit = HeldPermit::empty(self.members[0].breaker);
        match permit.arm() {
            Ok(guard) => {
                let result = guard.around(|| attempts.make(self.chosen(0)));
                match judged(guard, judge, result) {
                    Ok(answer) => Ok(answer),
                    Err((outcome, error)) => self.failed_at_home(judge, attempts, outcome, error),
                }
            }
            Err(rejected) => self.run_elsewhere(judge, attempts, Journey::turned_away(&rejected)),
        }
    }

    /// Whether all is well: calls go home, and nothing is spent of a budget.
    #[inline]
    pub(super) fn is_calm(&self) -> bool {
        self.course.load::<Course>().is_calm()
    }

    #[cold]
    #[inline(never)]
    fn failed_at_home<'s, R, E, A: Attempts<'s, T, Result<R, E>>>(
        &'s self,
        judge: &impl Judge<R, E>,
        attempts: A,
        outcome: Outcome,
        error: E,
    ) -> Result<R, FailoverError<'a, E, N>> {
        let mut journey = Journey::new();
        match journey.fail(0, self.members[0].name, error, A::AGAIN && goes_on(outcome)) {
            ControlFlow::Break(error) => Err(error),
            ControlFlow::Continue(()) => self.run_elsewhere(judge, attempts, journey),
        }
    }

    #[cold]
    #[inline(never)]
    fn run_elsewhere<'s, R, E, A: Attempts<'s, T, Result<R, E>>>(
        &'s self,
        judge: &impl Judge<R, E>,
        attempts: A,
        mut journey: Journey<'a, E, N>,
    ) -> Result<R, FailoverError<'a, E, N>> {
        let result = self.run_along(judge, attempts, &mut journey);
        if A::AGAIN {
            self.settle(&mut journey);
        }
        result
    }

    fn run_along<'s, R, E, A: Attempts<'s, T, Result<R, E>>>(
        &'s self,
        judge: &impl Judge<R, E>,
        mut attempts: A,
        journey: &mut Journey<'a, E, N>,
    ) -> Result<R, FailoverError<'a, E, N>> {
        loop {
            let Pass { at, mut permit, .. } = self.choose(journey, A::AGAIN)?;
            // It was taken a moment ago, and is there.
            let guard = permit.as_mut().and_then(|permit| permit.arm().ok());
            let mut make = || attempts.make(self.chosen(at));
            let result = match &guard {
                Some(guard) => guard.around(make),
                None => make(),
            };
            let (outcome, error) = match guard {
                Some(guard) => match judged(guard, judge, result) {
                    Ok(answer) => return Ok(answer),
                    Err(failed) => failed,
                },
                None => match result {
                    Ok(answer) => return Ok(answer),
                    Err(error) => (judge.judge(Err(&error)), error),
                },
            };
            let name = self.members[at].name;
            if let ControlFlow::Break(error) =
                journey.fail(at, name, error, A::AGAIN && goes_on(outcome))
            {
                return Err(error);
            }
        }
    }
}

/// Reports an answer, and says what it was judged as.
#[inline]
pub(super) fn judged<R, E, C: Clock, O: Observer>(
    guard: CallGuard<'_, C, O>,
    judge: &impl Judge<R, E>,
    result: Result<R, E>,
) -> Result<R, (Outcome, E)> {
    let mut outcome = Outcome::Success;
    let judge = |answer: Result<&R, &E>| {
        outcome = judge.judge(answer);
        outcome
    };
    guard.report(judge, result, |error| error).map_err(|error| (outcome, error))
}

/// Whether an error is against the member, so that another one may do better.
pub(super) const fn goes_on(outcome: Outcome) -> bool {
    !matches!(outcome, Outcome::Success | Outcome::Ignore)
}
