//! How often something happened to a breaker.

#[cfg(not(fusebox_compact))]
use crate::sync::{Ordering, UnmodelledU64};

/// A statistic: it orders nothing and is read by itself, so it is relaxed. It
/// wraps.
#[cfg(not(fusebox_compact))]
#[derive(Debug)]
pub(crate) struct Counter(UnmodelledU64);

#[cfg(not(fusebox_compact))]
impl Counter {
    pub(crate) const fn new() -> Self {
        Self(UnmodelledU64::new(0))
    }

    pub(crate) fn add_one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A compact slot has no room for statistics, and nobody can ask for them.
#[cfg(fusebox_compact)]
#[derive(Debug)]
pub(crate) struct Counter;

#[cfg(fusebox_compact)]
impl Counter {
    pub(crate) const fn new() -> Self {
        Self
    }

    #[allow(clippy::unused_self)] // as the other's
    pub(crate) const fn add_one(&self) {}
}
