//! What a hedge is paid from.

use crate::{limit::budget::retry_budget::RetryBudget, time::Clock};

/// What a hedge is paid from: a `&RetryBudget`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no budget of a hedge",
    note = "give a reference to a budget of retries: a `&RetryBudget`"
)]
pub trait Pays {
    /// Says that there is a call which may be hedged.
    #[doc(hidden)]
    fn deposit(&self);
    /// Takes the price of one more call; false where there is not enough.
    #[doc(hidden)]
    fn try_pay(&self) -> bool;
}

/// Hedges cost nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unpaid;

impl Pays for Unpaid {
    #[inline]
    fn deposit(&self) {}

    #[inline]
    fn try_pay(&self) -> bool {
        true
    }
}

impl<C: Clock> Pays for &RetryBudget<C> {
    #[inline]
    fn deposit(&self) {
        RetryBudget::deposit(self);
    }

    fn try_pay(&self) -> bool {
        self.try_withdraw()
    }
}

/// A budget that somebody else fills: a retry around the hedge.
#[derive(Debug, Clone, Copy)]
pub struct Shared<N>(pub(super) N);

impl<N: Pays> Pays for Shared<N> {
    #[inline]
    fn deposit(&self) {}

    fn try_pay(&self) -> bool {
        self.0.try_pay()
    }
}
