//! What `#[with_failover]` calls.

use crate::{
    attributes::breaker::{FromRejected, RejectedFlag},
    failover::{Chosen, FailoverError, FailoverSet},
    sync::{Ordering, UnmodelledU64},
};

/// The outcome of a call, as the function's own.
#[inline]
pub fn own<T, E: FromRejected, const N: usize>(
    result: Result<T, FailoverError<'_, E, N>>,
) -> Result<T, E> {
    match result {
        Ok(value) => Ok(value),
        Err(FailoverError::Failed { error, .. }) => Err(error),
        Err(FailoverError::Refused(refusals)) => Err(E::from_rejected(refusals.into())),
    }
}

/// Hands a call's outcome on, and tells the retry around it where no member took the call.
#[inline]
pub fn told<'a, T, E, const N: usize>(
    result: Result<T, FailoverError<'a, E, N>>,
    rejected: &RejectedFlag,
) -> Result<T, FailoverError<'a, E, N>> {
    result.inspect_err(|error| {
        if error.as_refused().is_some() {
            rejected.not_called();
        }
    })
}

/// The place of the member that takes a call. Atomic only so that a future may hold a
/// reference to it and be `Send`.
#[derive(Debug)]
pub struct Slot(UnmodelledU64);

impl Slot {
    #[inline]
    #[must_use]
    #[allow(clippy::new_without_default)] // for generated code alone
    pub const fn new() -> Self {
        Self(UnmodelledU64::new(0))
    }

    #[inline]
    pub fn set<T>(&self, member: Chosen<'_, T>) {
        // Within one call, which one task makes: relaxed.
        self.0.store(member.index() as u64, Ordering::Relaxed);
    }
}

/// The member whose place was kept.
#[inline]
#[allow(clippy::cast_possible_truncation)] // less than 64
pub fn chosen<'s, const N: usize, T, C, O>(
    set: &'s FailoverSet<'_, N, T, C, O>,
    slot: &Slot,
) -> Chosen<'s, T> {
    set.chosen(slot.0.load(Ordering::Relaxed) as usize)
}
