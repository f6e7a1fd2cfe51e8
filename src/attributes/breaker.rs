//! What `#[with_circuit_breaker]` calls.

use core::future::Future;

use crate::{
    breaker::{
        CircuitBreaker,
        judge::{errors_that, overload_if},
        settings::BreakerConfig,
    },
    error::{CallError, Rejected},
    observe::{DefaultObserver, Observer, known::Shown},
    registry::global::GlobalBreaker,
    state::Outcome,
    sync::{Ordering, UnmodelledU64},
    time::{Clock, DefaultClock},
};

/// The settings as they are; where the one of this name is at fault, an error
/// at its value.
///
/// # Panics
/// Where it is, which in a `static` is a compile error.
#[track_caller]
pub const fn checked(config: BreakerConfig, setting: &str) -> BreakerConfig {
    if let Err(error) = config.try_build()
        && super::same(error.field(), setting)
    {
        let _ = config.build(); // its panic says what is wrong
    }
    config
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
        Err(CallError::Limited(limited)) => Err(E::from_rejected(limited.into())),
    }
}

/// A call whose answer a closure judges. The call comes first, so that the compiler knows
/// its error's type when it looks at the closure.
///
/// # Errors
/// As [`CircuitBreaker::call_judged`].
#[inline]
pub fn judge<C: Clock, O: Observer, T, E>(
    breaker: &CircuitBreaker<C, O>,
    call: impl FnOnce() -> Result<T, E>,
    judge: impl FnOnce(Result<&T, &E>) -> Outcome,
) -> Result<T, CallError<E>> {
    breaker.call_judged(judge, call)
}

/// A future whose answer a closure judges. The future comes first, so that the compiler
/// knows its error's type when it looks at the closure.
#[inline]
pub fn judge_async<C: Clock, O: Observer, T, E>(
    breaker: &CircuitBreaker<C, O>,
    call: impl Future<Output = Result<T, E>>,
    judge: impl Fn(Result<&T, &E>) -> Outcome,
) -> impl Future<Output = Result<T, CallError<E>>> {
    breaker.call_async_judged(judge, call)
}

/// What an answer says, by two predicates on its error: whether it is a failure at all, and
/// whether that is an overload.
#[inline]
pub fn of_error<T, E>(
    answer: Result<&T, &E>,
    is_failure: impl FnOnce(&E) -> bool,
    is_overload: impl FnOnce(&E) -> bool,
) -> Outcome {
    overload_if(is_overload, errors_that(is_failure)(answer), answer)
}

/// Keeps the text of an error that a guarded call failed with. A compact slot has no room
/// for it.
#[cold]
pub fn note<C, O>(breaker: &CircuitBreaker<C, O>, error: &Shown<'_>) {
    #[cfg(not(fusebox_compact))]
    breaker.note_error(format_args!("{error:?}"));
    #[cfg(fusebox_compact)]
    let _ = (breaker, error);
}

/// What `#[with_circuit_breaker(PATH)]` may name.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no circuit breaker that an attribute can name",
    label = "not a `static` of the type `CircuitBreaker` or `GlobalBreaker`",
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

impl Static for GlobalBreaker {
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

/// Where a breaker, or a limit, tells the retry around it that it rejected the attempt: the
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
        let rejected = error.as_rejected().is_some_and(|it| !it.is_drill());
        self.0.store(rejected.into(), Ordering::Relaxed);
    }

    /// Says that the attempt made no call: a limit turned it away.
    pub fn not_called(&self) {
        self.0.store(1, Ordering::Relaxed);
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
