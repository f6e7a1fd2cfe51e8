//! Places in a bulkhead that are held while calls are made.

use crate::{limit::bulkhead::bulkhead::Bulkhead, observe::DefaultObserver};

/// Places in a [`Bulkhead`], held for as long as the calls that need them.
///
/// Dropped, it gives them back, whether the calls succeeded, failed or panicked.
/// Whoever takes a place next sees all that was written while it was held. A place
/// that is forgotten ([`core::mem::forget`]) is lost.
#[derive(Debug)]
#[must_use = "a place that is dropped at once limits nothing"]
pub struct Place<'a, O = DefaultObserver> {
    bulkhead: &'a Bulkhead<O>,
    /// 0 where a bypass admitted the calls.
    places: u32,
}

impl<'a, O> Place<'a, O> {
    #[inline]
    pub(super) const fn new(bulkhead: &'a Bulkhead<O>, places: u32) -> Self {
        Self { bulkhead, places }
    }
}

impl<O> Drop for Place<'_, O> {
    #[inline]
    fn drop(&mut self) {
        self.bulkhead.release(self.places);
    }
}
