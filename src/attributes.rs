//! What the attributes' code calls. Not for others: it changes with them.

use core::{
    fmt::Debug,
    future::{Future, Ready, ready},
    time::Duration,
};

use crate::{
    breaker::{CircuitBreaker, tally::Tally},
    bypass,
    clock::Clock,
    default_clock::DefaultClock,
    default_observer::DefaultObserver,
    error::{CallError, Rejected},
    event::Observer,
    fallback::{Fallback, step},
    global::Joined,
    retry::{Attempts, Retry, retryable::Retryable},
    sleep::{AsyncSleep, Sleep},
    std_sleep::StdSleep,
    sync::{Ordering, UnmodelledU64},
};

/// Lends its name to the variables of generated code: a pattern may bind the
/// name of a function, and does not then mean a constant of that name.
pub const fn shield() {}

/// A value that is never made: it tells an async block what it returns.
///
/// # Panics
/// Always.
#[cold]
pub fn never<T>() -> T {
    unreachable!("generated code calls this under `if false`")
}

/// An error that a rejected call can become.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot say that its circuit breaker rejected a call",
    label = "`{Self}` does not implement `From<fusebox::Rejected>`",
    note = "a function under `#[with_circuit_breaker]` returns its own error type; write `impl From<fusebox::Rejected> for …`"
)]
pub trait FromRejected {
    fn from_rejected(rejected: Rejected) -> Self;
}

#[diagnostic::do_not_recommend]
impl<E: From<Rejected>> FromRejected for E {
    fn from_rejected(rejected: Rejected) -> Self {
        rejected.into()
    }
}

/// The outcome of a guarded call, as the function's own.
#[inline]
pub fn own<T, E: FromRejected>(result: Result<T, CallError<E>>) -> Result<T, E> {
    match result {
        Ok(value) => Ok(value),
        Err(CallError::Failed(error)) => Err(error),
        Err(CallError::Rejected(rejected)) => Err(E::from_rejected(rejected)),
    }
}

/// What `#[with_circuit_breaker(PATH)]` may name.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no circuit breaker that an attribute can name",
    label = "not a `static` of the type `CircuitBreaker` or `Joined`",
    note = "name a breaker of the process's registry by a string: `#[with_circuit_breaker(\"ai\")]`"
)]
pub trait Static: Sized + 'static {
    type Clock: Clock;
    type Observer: Observer;
    fn breaker(&'static self) -> &'static CircuitBreaker<Self::Clock, Self::Observer>;
}

impl<C: Clock + 'static, O: Observer + 'static> Static for CircuitBreaker<C, O> {
    type Clock = C;
    type Observer = O;
    #[inline]
    fn breaker(&'static self) -> &'static Self {
        self
    }
}

impl Static for Joined {
    type Clock = DefaultClock;
    type Observer = DefaultObserver;
    #[inline]
    fn breaker(&'static self) -> &'static CircuitBreaker {
        self.get()
    }
}

/// The breaker of a `static`.
#[inline]
pub fn found<B: Static>(it: &'static B) -> &'static CircuitBreaker<B::Clock, B::Observer> {
    it.breaker()
}

/// Where a breaker tells the retry around it that it rejected the attempt: the
/// error that comes back is the function's own, and cannot say so. Atomic only
/// so that a future may hold a reference to it and be `Send`.
#[derive(Debug)]
pub struct RejectedFlag(UnmodelledU64);

impl RejectedFlag {
    #[inline]
    #[must_use]
    #[allow(clippy::new_without_default)] // for generated code alone
    pub const fn new() -> Self {
        Self(UnmodelledU64::new(0))
    }

    #[cold]
    fn tell<E>(&self, error: &CallError<E>) {
        // Within one call, which one task makes: relaxed.
        self.0.store(error.rejected().is_some().into(), Ordering::Relaxed);
    }

    pub fn was_rejected(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }
}

/// Hands a guarded call's outcome on, and tells of its error.
#[inline]
pub fn told<T, E>(
    result: Result<T, CallError<E>>,
    rejected: &RejectedFlag,
) -> Result<T, CallError<E>> {
    result.inspect_err(|error| rejected.tell(error))
}

/// Asks an error whether it is worth another attempt, if its type can say so:
/// the inherent method is there for those only, and preferred.
#[derive(Debug)]
pub struct Ask<'e, E>(pub &'e E);

impl<E: Retryable> Ask<'_, E> {
    pub fn __fusebox_is_retryable(self) -> bool {
        self.0.is_retryable()
    }
}

/// For the others: every error is.
pub trait Unasked {
    fn __fusebox_is_retryable(self) -> bool;
}

impl<E> Unasked for Ask<'_, E> {
    fn __fusebox_is_retryable(self) -> bool {
        true
    }
}

/// The attempts of one call under `#[with_retry]`.
#[derive(Debug)]
pub struct Tries {
    retry: &'static Retry,
    failed: u32,
    /// Begun at the first failure, unless the time counts from the first call.
    attempts: Option<Attempts<'static, Retry>>,
}

impl Tries {
    #[inline]
    pub fn begin(retry: &'static Retry, tally: impl FnOnce() -> Option<&'static Tally>) -> Self {
        let timed = retry.settings().max_elapsed().is_some();
        let attempts = timed.then(|| retry.attempts_counted(tally()));
        Self { retry, failed: 0, attempts }
    }

    /// How long to wait before another attempt, after an error that is worth
    /// one. Nobody waits after the last: its error is not asked for a hint.
    #[cold]
    pub fn after<E: Debug>(
        &mut self,
        tally: impl FnOnce() -> Option<&'static Tally>,
        hint: impl FnOnce(&E) -> Option<Duration>,
        error: &E,
    ) -> Option<Duration> {
        self.failed += 1;
        let last = self.failed >= self.retry.settings().max_attempts() || bypass::retries();
        let hint = if last { None } else { hint(error) };
        let retry = self.retry;
        let attempts = self.attempts.get_or_insert_with(|| retry.attempts_counted(tally()));
        attempts.after_worth(hint, error)
    }
}

#[inline]
pub fn sleep(delay: Duration) {
    if !delay.is_zero() {
        StdSleep.sleep(delay);
    }
}

/// Waits by whatever an async retry waits by. Without a delay it takes no
/// timer, which there may not be: it is ready at once.
pub async fn sleep_async<S: AsyncSleep>(sleeper: &S, delay: Duration) {
    if !delay.is_zero() {
        sleeper.sleep_async(delay).await;
    }
}

/// What a fallback under a sync function returns.
#[diagnostic::on_unimplemented(
    message = "this fallback does not answer a sync function",
    label = "returns `{Self}`, not a `Result`",
    note = "an async fallback needs an async function: a sync one cannot wait for it"
)]
pub trait Answers {
    type Answer;
    fn answer(self) -> Self::Answer;
}

impl<T, E> Answers for Result<T, E> {
    type Answer = Self;
    #[inline]
    fn answer(self) -> Self {
        self
    }
}

/// What a fallback under an async function returns: a `Result`, by the
/// inherent method, or a future of one.
#[derive(Debug)]
pub struct Answer<A>(pub A);

impl<T, E> Answer<Result<T, E>> {
    pub fn __fusebox_answer(self) -> Ready<Result<T, E>> {
        ready(self.0)
    }
}

/// For the others, which must be futures.
pub trait AnswerLater {
    type Later;
    fn __fusebox_answer(self) -> Self::Later;
}

impl<F: Future> AnswerLater for Answer<F> {
    type Later = F;
    fn __fusebox_answer(self) -> F {
        self.0
    }
}

/// Whether fallbacks are taken out.
pub fn no_fallback() -> bool {
    bypass::fallbacks()
}

/// What a fallback answered in place of a call that failed with `error`: counts
/// it, tells of it, and returns it. An answer that never came, because its
/// future was dropped, is neither counted nor told of.
///
/// # Errors
/// The fallback's own.
#[cold]
pub fn fell_back<T, E: Debug>(
    policy: &'static str,
    log_errors: bool,
    tally: Option<&Tally>,
    error: E,
    answer: Result<T, E>,
) -> Result<T, E> {
    let (rescued, mut slots) = match answer {
        Ok(value) => (Some((1, step::Answer { value, age: None })), ((), None)),
        Err(error) => (None, ((), Some(error))),
    };
    let fallback = Fallback::new().named(policy).log_errors(log_errors);
    fallback.finish(1, tally, rescued, error, &mut slots)
}
