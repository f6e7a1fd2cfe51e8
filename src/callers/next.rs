//! How often the attempt may be made that begins next on this thread.
//!
//! A policy of tower's retry layer is not around the attempt. But it copies the request just
//! before: nothing comes between that and the call of the service inside, which asks here.

#[cfg(feature = "map")]
use core::cell::Cell;

#[cfg(feature = "map")]
std::thread_local! {
    static NEXT: Cell<Option<u32>> = const { Cell::new(None) };
}

/// The next attempt is one of so many; `None` of a first one.
#[cfg(feature = "map")]
pub(crate) fn set(attempts: Option<u32>) {
    let _ = NEXT.try_with(|next| next.set(attempts));
}

/// The attempt begins.
#[cfg(feature = "map")]
pub(crate) fn take() -> Option<u32> {
    NEXT.try_with(Cell::take).ok().flatten()
}

/// Without the feature, nobody asks.
#[cfg(not(feature = "map"))]
#[inline]
pub(crate) const fn set(_attempts: Option<u32>) {}

#[cfg(not(feature = "map"))]
#[inline]
pub(crate) const fn take() -> Option<u32> {
    None
}
