//! What `#[with_fallback]` calls.

use core::{
    fmt::Debug,
    future::{Future, Ready, ready},
};

use crate::{
    bypass,
    fallback::{Fallback, step},
    observe::Tally,
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
    let fallback = Fallback::new().named(policy);
    let fallback = if log_errors { fallback } else { fallback.silent() };
    fallback.finish(1, tally, rescued, error, &mut slots)
}
