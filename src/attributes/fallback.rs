//! What `#[with_fallback]` calls.

use core::{
    fmt::Debug,
    future::{Future, Ready, ready},
    time::Duration,
};

use crate::{
    bypass,
    fallback::report::Report,
    limit::deadline::until::forbids,
    observe::{DefaultObserver, EachError, Tally, known::Shown},
};

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

/// Whether no fallback is asked: fallbacks are taken out, or the deadline is over.
pub fn no_fallback_any_more() -> bool {
    bypass::fallbacks() || forbids(None, Duration::ZERO)
}

/// What a fallback answered in place of the call's own answer: counts it, tells
/// of it, and returns it. An answer that never came, because its
/// future was dropped, is neither counted nor told of.
///
/// # Errors
/// The fallback's own.
#[cold]
pub fn fell_back<T, E>(
    policy: &'static str,
    log_errors: bool,
    tally: Option<&Tally>,
    own: Result<T, E>,
    answer: Result<T, E>,
    shown: fn(&E) -> Shown<'_>,
) -> Result<T, E> {
    let layer = answer.is_ok().then_some(1);
    let trail = Trail { errors: [own.as_ref().err(), answer.as_ref().err()], shown };
    Report { policy: Some(policy), silent: !log_errors, observer: &DefaultObserver, tally }
        .send(layer, None, &trail);
    // A value that was refused is better than the fallback's error.
    answer.or_else(|error| own.or(Err(error)))
}

/// The call's error, then the fallback's, if it failed.
struct Trail<'e, E> {
    errors: [Option<&'e E>; 2],
    shown: fn(&E) -> Shown<'_>,
}

impl<E> EachError for Trail<'_, E> {
    fn each(&self, see: &mut dyn FnMut(&dyn Debug)) {
        for error in self.errors.into_iter().flatten() {
            see(&(self.shown)(error));
        }
    }
}
