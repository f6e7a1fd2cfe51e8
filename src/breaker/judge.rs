//! What an answer says of the health of the service that gave it.

use crate::{error::CallError, state::Outcome};

/// Judges the answers of a service: a response can be a failure, and an error a
/// success.
///
/// Every `Fn(Result<&T, &E>) -> Outcome` is a judge:
///
/// ```
/// use fusebox::{BreakerConfig, CircuitBreaker, Outcome};
///
/// /// The service answered, if only that there is no such page.
/// fn judge(answer: Result<&u16, &u16>) -> Outcome {
///     let (Ok(status) | Err(status)) = answer;
///     match *status {
///         500.. => Outcome::Failure,
///         400..404 => Outcome::Ignore,
///         _ => Outcome::Success,
///     }
/// }
///
/// let shop = CircuitBreaker::new(BreakerConfig::new().failure_threshold(2).build());
/// let _ = shop.call_judged(judge, || Ok::<_, u16>(503));
/// assert_eq!(shop.snapshot().score, 1);
/// let _ = shop.call_judged(judge, || Err::<u16, _>(404));
/// assert_eq!(shop.snapshot().score, 0);
/// ```
#[diagnostic::on_unimplemented(
    message = "this judge does not fit this call",
    label = "not a judge of a call that returns `Result<{T}, {E}>`",
    note = "a judge is a `Fn(Result<&T, &E>) -> Outcome` with the call's own `T` and `E`; a filter of failures is a `Fn(&E) -> bool`"
)]
pub trait Judge<T, E> {
    /// Says what this answer means for the service.
    fn judge(&self, answer: Result<&T, &E>) -> Outcome;
}

impl<T, E, F: Fn(Result<&T, &E>) -> Outcome> Judge<T, E> for F {
    #[inline]
    fn judge(&self, answer: Result<&T, &E>) -> Outcome {
        self(answer)
    }
}

/// Judges every error as a failure, and every response as a success.
#[derive(Debug, Clone, Copy, Default)]
pub struct EveryError;

impl<T, E> Judge<T, E> for EveryError {
    #[inline]
    fn judge(&self, answer: Result<&T, &E>) -> Outcome {
        if answer.is_ok() { Outcome::Success } else { Outcome::Failure }
    }
}

/// Judges those errors as failures for which a predicate holds, and ignores the
/// others.
#[derive(Debug, Clone, Copy)]
pub struct Counting<F>(pub(crate) F);

impl<T, E, F: Fn(&E) -> bool> Judge<T, E> for Counting<F> {
    #[inline]
    fn judge(&self, answer: Result<&T, &E>) -> Outcome {
        errors_that(&self.0)(answer)
    }
}

/// Judges those errors as [`Outcome::Overload`] for which a predicate holds, and all else
/// as another judge does: every error as a failure, unless it is given one.
///
/// For `breaker_judged` of a pipeline, for the layers of tower, and wherever else a
/// [`Judge`] is asked for.
///
/// ```
/// use fusebox::{BreakerConfig, CircuitBreaker, OverloadIf, Pipeline, is_overload};
///
/// static SHOP: CircuitBreaker =
///     CircuitBreaker::named("shop", BreakerConfig::new().max_shed(90).build());
///
/// let judge = OverloadIf::new(|error: &std::io::Error| is_overload(error));
/// let shop = Pipeline::new().breaker_judged(&SHOP, judge);
/// assert!(shop.call("tea", |_: &str| Ok(3)).is_ok());
/// ```
#[derive(Debug, Clone, Copy)]
pub struct OverloadIf<F, J = EveryError> {
    is_overload: F,
    judge: J,
}

impl<F> OverloadIf<F> {
    /// Makes a judge to which every error is a failure, and those are an overload for which
    /// `is_overload`, a `Fn(&E) -> bool`, holds.
    #[must_use]
    pub const fn new<E>(is_overload: F) -> Self
    where
        F: Fn(&E) -> bool,
    {
        Self { is_overload, judge: EveryError }
    }
}

impl<F, J> OverloadIf<F, J> {
    /// Makes a judge that asks another one first. Of the errors that are a
    /// [`Outcome::Failure`] to `judge`, those are an overload for which `is_overload`, a
    /// `Fn(&E) -> bool`, holds.
    ///
    /// ```
    /// use fusebox::{Judge, Outcome, OverloadIf};
    ///
    /// fn by_status(answer: Result<&str, &u16>) -> Outcome {
    ///     match answer {
    ///         Err(429 | 500..) => Outcome::Failure,
    ///         Err(_) => Outcome::Ignore,
    ///         Ok(_) => Outcome::Success,
    ///     }
    /// }
    /// let judge = |answer: Result<&&str, &u16>| by_status(answer.copied());
    /// let judge = OverloadIf::among(judge, |status: &u16| matches!(status, 429 | 503));
    /// let of = |status| judge.judge(Err::<&&str, &u16>(&status));
    /// assert_eq!([of(503), of(500), of(404)], [Outcome::Overload, Outcome::Failure, Outcome::Ignore]);
    /// ```
    #[must_use]
    pub const fn among<E>(judge: J, is_overload: F) -> Self
    where
        F: Fn(&E) -> bool,
    {
        Self { is_overload, judge }
    }
}

impl<T, E, F: Fn(&E) -> bool, J: Judge<T, E>> Judge<T, E> for OverloadIf<F, J> {
    #[inline]
    fn judge(&self, answer: Result<&T, &E>) -> Outcome {
        overload_if(&self.is_overload, self.judge.judge(answer), answer)
    }
}

/// An answer's outcome, which is an overload where it is a failure by an error for which
/// the predicate holds.
#[inline]
pub(crate) fn overload_if<T, E>(
    is_overload: impl FnOnce(&E) -> bool,
    outcome: Outcome,
    answer: Result<&T, &E>,
) -> Outcome {
    match (outcome, answer) {
        (Outcome::Failure, Err(error)) if is_overload(error) => Outcome::Overload,
        _ => outcome,
    }
}

/// The judgement of one answer by a predicate on its error.
#[inline]
pub(crate) fn errors_that<T, E>(
    are_failures: impl FnOnce(&E) -> bool,
) -> impl FnOnce(Result<&T, &E>) -> Outcome {
    |answer| match answer {
        Ok(_) => Outcome::Success,
        Err(error) if are_failures(error) => Outcome::Failure,
        Err(_) => Outcome::Ignore,
    }
}

/// Judges an answer as a guarded call carries it. A call that another breaker
/// turned away was not made: it says nothing. One that a drill failed stands for a failure.
#[inline]
pub(crate) fn carried<T, E>(
    judge: &impl Judge<T, E>,
    answer: Result<&T, &CallError<E>>,
) -> Outcome {
    match answer {
        Ok(value) => judge.judge(Ok(value)),
        Err(CallError::Failed(error)) => judge.judge(Err(error)),
        Err(CallError::Rejected(rejected)) if rejected.is_drill() => Outcome::Failure,
        Err(CallError::Rejected(_) | CallError::Limited(_)) => Outcome::Ignore,
    }
}
