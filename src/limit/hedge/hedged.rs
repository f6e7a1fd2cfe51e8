//! An async call that can be made a second time.

use core::future::Future;

/// An async call that can be made a second time beside the first.
pub trait Hedged {
    /// What it returns.
    type Value;
    /// What it fails with.
    type Error;
    /// The first call under way.
    type First: Future<Output = Result<Self::Value, Self::Error>>;
    /// The second one.
    type Second: Future<Output = Result<Self::Value, Self::Error>>;

    /// Makes the call, where it is not under way already.
    fn first(&mut self) -> Option<Self::First> {
        None
    }
    /// Makes the call once more. `None` where that cannot be.
    fn second(&mut self) -> Option<Self::Second>;
    /// Whether all that the call goes through is well.
    #[inline]
    fn is_well(&self) -> bool {
        true
    }
    /// Whether it is not made again, as a host is under pressure.
    #[inline]
    fn is_spared(&self) -> bool {
        false
    }
}

/// A function that makes a future.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Twice<F>(pub(crate) F);

impl<T, E, F, Fut> Hedged for Twice<F>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    type Value = T;
    type Error = E;
    type First = Fut;
    type Second = Fut;

    #[inline]
    fn first(&mut self) -> Option<Fut> {
        Some((self.0)())
    }

    fn second(&mut self) -> Option<Fut> {
        Some((self.0)())
    }
}
