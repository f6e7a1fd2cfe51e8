//! Resilience taken out of the picture, for a test or for a whole program: the
//! questions that the cold paths ask. Without the feature `bypass` the answer
//! is the constant `false`, and nothing is left of them.

#[cfg(feature = "bypass")]
mod scoped;

#[cfg(feature = "bypass")]
pub use scoped::{Bypass, BypassFuture, BypassGuard};
#[cfg(feature = "bypass")]
pub(crate) use scoped::{breaker, fallbacks, limits, retries};

#[cfg(not(feature = "bypass"))]
pub(crate) fn breaker(_name: impl FnOnce() -> crate::name::Name) -> bool {
    false
}

#[cfg(not(feature = "bypass"))]
pub(crate) const fn retries() -> bool {
    false
}

#[cfg(not(feature = "bypass"))]
pub(crate) const fn fallbacks() -> bool {
    false
}

#[cfg(not(feature = "bypass"))]
pub(crate) const fn limits() -> bool {
    false
}
