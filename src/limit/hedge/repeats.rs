//! Which calls may be made twice.

/// Which calls may be made twice, by their arguments.
#[diagnostic::on_unimplemented(
    message = "this hedge does not know which calls may be made twice",
    label = "only a call that does no harm when it is made twice may be hedged",
    note = "say which: `hedge.idempotent(|args: &A| …)`, or `hedge.every_call()` where all are"
)]
pub trait Repeats<A: ?Sized> {
    /// Whether the call with these arguments may be made twice.
    #[doc(hidden)]
    fn may_repeat(&self, args: &A) -> bool;
}

/// Nobody has said yet which calls may be made twice.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unsaid;

/// Every call may be made twice:
/// [`Hedge::every_call`](crate::Hedge::every_call) says so.
#[derive(Debug, Clone, Copy, Default)]
pub struct EveryCall;

impl<A: ?Sized> Repeats<A> for EveryCall {
    #[inline]
    fn may_repeat(&self, _args: &A) -> bool {
        true
    }
}

/// Those calls may be made twice for whose arguments a predicate holds:
/// [`Hedge::idempotent`](crate::Hedge::idempotent) asks it.
#[derive(Debug, Clone, Copy)]
pub struct WhereIdempotent<F>(pub(crate) F);

impl<A: ?Sized, F: Fn(&A) -> bool> Repeats<A> for WhereIdempotent<F> {
    #[inline]
    fn may_repeat(&self, args: &A) -> bool {
        (self.0)(args)
    }
}
