//! What a retry may be told about answers: which ones to retry, how long to
//! wait, what to do in between.

use core::{
    future::{Future, Ready, ready},
    time::Duration,
};

use crate::{
    error::CallError,
    retry::{
        attempt::Attempt,
        budget::{Budgeted, NoBudget},
        retryable::Retryable,
    },
};

/// The functions of a retry: whether an error is worth another attempt, how
/// long its sender asks to wait, what runs before an attempt, and the budget that
/// it is taken from. To be named in the type of a `static`.
///
/// A type to be named only in that of a `static` retry which has such
/// functions: `Retry<Hooks<When<fn(&Error) -> bool>>>`.
#[derive(Debug, Clone, Copy)]
pub struct Hooks<P = AskError, H = NoHint, B = Nothing, G = NoBudget> {
    pub(crate) retry_if: P,
    pub(crate) delay_hint: H,
    pub(crate) before: B,
    pub(crate) budget: G,
}

/// What a retry asks about an answer of its call.
pub trait Asked<T, E>: Budgeted {
    /// Whether it is worth another attempt.
    fn is_worth(&self, answer: Result<&T, &E>) -> bool;
    /// How long its sender asks to wait.
    fn hint(&self, answer: Result<&T, &E>) -> Option<Duration>;
    /// Whether an error gives way to the one before it, where the retry ends.
    fn gives_way(&self, error: &E) -> bool;
}

impl<T, E, P: Worth<T, E>, H: DelayHint<T, E>, B, G: Budgeted> Asked<T, E> for Hooks<P, H, B, G> {
    #[inline]
    fn is_worth(&self, answer: Result<&T, &E>) -> bool {
        self.retry_if.is_worth(answer)
    }

    #[inline]
    fn hint(&self, answer: Result<&T, &E>) -> Option<Duration> {
        self.delay_hint.delay_hint(answer)
    }

    #[inline]
    fn gives_way(&self, error: &E) -> bool {
        self.retry_if.gives_way(error)
    }
}

impl<P, H, B, G: Budgeted> Budgeted for Hooks<P, H, B, G> {
    #[inline]
    fn deposit(&self) {
        self.budget.deposit();
    }

    #[inline]
    fn try_withdraw(&self) -> bool {
        self.budget.try_withdraw()
    }
}

/// Decides whether an answer is worth another attempt.
#[diagnostic::on_unimplemented(
    message = "what this retry is told about errors does not fit this call",
    label = "the call fails with `{E}`",
    note = "`retry_if` takes a `Fn(&E) -> bool` of the call's own error, and `retry_on` a `Fn(Result<&T, &E>) -> bool`; in a pipeline, and for `keep_error`, the error is a `CallError<E>`"
)]
pub trait Worth<T, E> {
    /// Whether to try again.
    fn is_worth(&self, answer: Result<&T, &E>) -> bool;
    /// Whether an error gives way to the one before it, where the retry ends.
    #[inline]
    fn gives_way(&self, _error: &E) -> bool {
        false
    }
}

/// Asks the error itself whether it is worth another attempt; see
/// [`Retryable`].
#[derive(Debug, Clone, Copy)]
pub struct AskError;

impl<T, E: Retryable> Worth<T, E> for AskError {
    #[inline]
    fn is_worth(&self, answer: Result<&T, &E>) -> bool {
        answer.is_err_and(Retryable::is_retryable)
    }
}

/// Asks a predicate whether an error is worth another attempt.
/// [`Retry::retry_if`](crate::Retry::retry_if) makes it.
#[derive(Debug, Clone, Copy)]
pub struct When<F>(pub(crate) F);

impl<T, E, F: Fn(&E) -> bool> Worth<T, E> for When<F> {
    #[inline]
    fn is_worth(&self, answer: Result<&T, &E>) -> bool {
        answer.is_err_and(&self.0)
    }
}

/// Asks a predicate whether an answer is worth another attempt, be it an error
/// or not. [`Retry::retry_on`](crate::Retry::retry_on) makes it.
#[derive(Debug, Clone, Copy)]
pub struct On<F>(pub(crate) F);

impl<T, E, F: Fn(Result<&T, &E>) -> bool> Worth<T, E> for On<F> {
    #[inline]
    fn is_worth(&self, answer: Result<&T, &E>) -> bool {
        (self.0)(answer)
    }
}

/// Asks `P` whether an answer is worth another attempt, and lets a rejection give
/// way to the error before it. [`Retry::keep_error`](crate::Retry::keep_error)
/// makes it.
#[derive(Debug, Clone, Copy)]
pub struct Keeping<P>(pub(crate) P);

impl<T, E, P: Worth<T, CallError<E>>> Worth<T, CallError<E>> for Keeping<P> {
    #[inline]
    fn is_worth(&self, answer: Result<&T, &CallError<E>>) -> bool {
        self.0.is_worth(answer)
    }

    #[inline]
    fn gives_way(&self, error: &CallError<E>) -> bool {
        error.as_rejected().is_some_and(|it| !it.is_drill())
    }
}

/// Finds in an answer how long its sender asks to wait.
pub trait DelayHint<T, E> {
    /// The delay asked for, where one is.
    fn delay_hint(&self, answer: Result<&T, &E>) -> Option<Duration>;
}

/// Finds no hint in any answer.
#[derive(Debug, Clone, Copy)]
pub struct NoHint;

impl<T, E> DelayHint<T, E> for NoHint {
    #[inline]
    fn delay_hint(&self, _answer: Result<&T, &E>) -> Option<Duration> {
        None
    }
}

/// Asks a function of the error how long to wait.
/// [`Retry::delay_hint`](crate::Retry::delay_hint) makes it.
#[derive(Debug, Clone, Copy)]
pub struct HintFrom<F>(pub(crate) F);

impl<T, E, F: Fn(&E) -> Option<Duration>> DelayHint<T, E> for HintFrom<F> {
    fn delay_hint(&self, answer: Result<&T, &E>) -> Option<Duration> {
        answer.err().and_then(&self.0)
    }
}

/// Asks a function of the answer how long to wait.
/// [`Retry::delay_hint_on`](crate::Retry::delay_hint_on) makes it.
#[derive(Debug, Clone, Copy)]
pub struct HintOn<F>(pub(crate) F);

impl<T, E, F: Fn(Result<&T, &E>) -> Option<Duration>> DelayHint<T, E> for HintOn<F> {
    fn delay_hint(&self, answer: Result<&T, &E>) -> Option<Duration> {
        (self.0)(answer)
    }
}

/// What an event says of an answer that was no error, and was refused.
pub(crate) struct Refused;

impl core::fmt::Debug for Refused {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("an answer that is worth another attempt")
    }
}

/// Runs before every attempt but the first.
#[diagnostic::on_unimplemented(
    message = "what runs before a retry does not fit this call",
    label = "not a `before_retry` of a sync call whose error is `{E}`",
    note = "`before_retry(|attempt| …)` returns `Result<(), E>` with the call's own error; one that is async needs `call_async`"
)]
pub trait BeforeRetry<E> {
    /// Prepares the attempt; an error ends the retry.
    ///
    /// # Errors
    /// Its own, which the caller gets.
    fn before(&self, attempt: Attempt<'_, E>) -> Result<(), E>;
}

/// Runs before every attempt of an async call but the first. A sync function
/// fits both kinds of calls.
#[diagnostic::on_unimplemented(
    message = "what runs before a retry does not fit this call",
    label = "not a `before_retry` of a call whose error is `{E}`",
    note = "it returns `Result<(), E>` with the call's own error, or a future of that"
)]
pub trait AsyncBeforeRetry<E> {
    /// What prepares the attempt.
    type Before: Future<Output = Result<(), E>>;

    /// Begins to prepare the attempt; an error ends the retry.
    fn before(&self, attempt: Attempt<'_, E>) -> Self::Before;
}

/// Prepares nothing before an attempt.
#[derive(Debug, Clone, Copy)]
pub struct Nothing;

impl<E> BeforeRetry<E> for Nothing {
    #[inline]
    fn before(&self, _attempt: Attempt<'_, E>) -> Result<(), E> {
        Ok(())
    }
}

impl<E> AsyncBeforeRetry<E> for Nothing {
    type Before = Ready<Result<(), E>>;

    fn before(&self, _attempt: Attempt<'_, E>) -> Self::Before {
        ready(Ok(()))
    }
}

/// Runs a function before an attempt.
/// [`Retry::before_retry`](crate::Retry::before_retry) makes it.
#[derive(Debug, Clone, Copy)]
pub struct Before<F>(pub(crate) F);

impl<E, F: Fn(Attempt<'_, E>) -> Result<(), E>> BeforeRetry<E> for Before<F> {
    fn before(&self, attempt: Attempt<'_, E>) -> Result<(), E> {
        (self.0)(attempt)
    }
}

impl<E, F: Fn(Attempt<'_, E>) -> Result<(), E>> AsyncBeforeRetry<E> for Before<F> {
    type Before = Ready<Result<(), E>>;

    fn before(&self, attempt: Attempt<'_, E>) -> Self::Before {
        ready((self.0)(attempt))
    }
}

/// Runs an async function before an attempt.
/// [`Retry::before_retry_async`](crate::Retry::before_retry_async) makes it.
#[derive(Debug, Clone, Copy)]
pub struct BeforeAsync<F>(pub(crate) F);

impl<E, F, Fut> AsyncBeforeRetry<E> for BeforeAsync<F>
where
    F: Fn(Attempt<'_, E>) -> Fut,
    Fut: Future<Output = Result<(), E>>,
{
    type Before = Fut;

    fn before(&self, attempt: Attempt<'_, E>) -> Fut {
        (self.0)(attempt)
    }
}

impl<E, P, H, B: BeforeRetry<E>, G> BeforeRetry<E> for Hooks<P, H, B, G> {
    #[inline]
    fn before(&self, attempt: Attempt<'_, E>) -> Result<(), E> {
        self.before.before(attempt)
    }
}

impl<E, P, H, B: AsyncBeforeRetry<E>, G> AsyncBeforeRetry<E> for Hooks<P, H, B, G> {
    type Before = B::Before;

    fn before(&self, attempt: Attempt<'_, E>) -> B::Before {
        self.before.before(attempt)
    }
}
