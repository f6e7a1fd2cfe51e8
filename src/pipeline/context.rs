//! What one call carries through the layers of a pipeline.

use crate::{
    error::CallError,
    limit::{deadline::until::Until, pressure::heed::Spares},
    observe::Tally,
    retry::attempt::Attempt,
};

/// What one call carries through the layers of a pipeline: its arguments, where
/// retries and fallbacks are counted, which attempt it is, and its deadline.
#[derive(Debug)]
pub struct CallContext<'a, 'e, A: ?Sized, E> {
    pub(crate) args: &'a A,
    /// That of the pipeline's outermost breaker, where there is one.
    pub(crate) tally: Option<&'a Tally>,
    pub(crate) attempt: Attempt<'e, CallError<E>>,
    /// Whether the call wants to know the time of its attempts.
    pub(crate) timed: bool,
    /// What nothing inside may overrun.
    pub(crate) until: Option<Until<'a>>,
    /// What is left out while a host is under pressure, where anybody asked.
    pub(crate) spares: Option<&'a Spares<'a>>,
}

// Not derived: that would ask for `A: Clone` and `E: Clone`.
impl<A: ?Sized, E> Clone for CallContext<'_, '_, A, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A: ?Sized, E> Copy for CallContext<'_, '_, A, E> {}

impl<'a, A: ?Sized, E> CallContext<'a, '_, A, E> {
    #[inline]
    pub(crate) const fn first(
        args: &'a A,
        tally: Option<&'a Tally>,
        timed: bool,
        until: Option<Until<'a>>,
    ) -> Self {
        Self { args, tally, attempt: Attempt::FIRST, timed, until, spares: None }
    }

    /// The context of another attempt.
    #[inline]
    pub(crate) const fn at<'f>(
        self,
        attempt: Attempt<'f, CallError<E>>,
    ) -> CallContext<'a, 'f, A, E> {
        let Self { args, tally, timed, until, spares, .. } = self;
        CallContext { args, tally, attempt, timed, until, spares }
    }
}
