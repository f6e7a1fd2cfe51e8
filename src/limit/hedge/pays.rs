//! What a hedge is paid from.

/// What a hedge is paid from.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no budget of a hedge",
    note = "give a reference to a budget of retries"
)]
pub trait Pays {
    /// Takes the price of one more call; false where there is not enough.
    #[doc(hidden)]
    fn try_pay(&self) -> bool;
}

/// Hedges cost nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unpaid;

impl Pays for Unpaid {
    #[inline]
    fn try_pay(&self) -> bool {
        true
    }
}
