//! What a retry's attempts are taken from.

use crate::{limit::budget::retry_budget::RetryBudget, time::Clock};

/// What a retry asks before it tries again, and tells when it begins.
pub trait Budgeted {
    /// A call begins.
    fn deposit(&self);
    /// Whether another attempt may be made.
    fn try_withdraw(&self) -> bool;
}

/// No budget: every attempt may be made.
#[derive(Debug, Clone, Copy)]
pub struct NoBudget;

impl Budgeted for NoBudget {
    #[inline]
    fn deposit(&self) {}

    #[inline]
    fn try_withdraw(&self) -> bool {
        true
    }
}

impl<C: Clock> Budgeted for &RetryBudget<C> {
    #[inline]
    fn deposit(&self) {
        RetryBudget::deposit(self);
    }

    #[inline]
    fn try_withdraw(&self) -> bool {
        RetryBudget::try_withdraw(self)
    }
}
