//! A place that is kept together with what leads to its bulkhead.

use core::ops::Deref;
use std::sync::Arc;

use crate::{error::Limited, limit::bulkhead::bulkhead::Bulkhead, observe::Observer};

/// A reference to a bulkhead that can be kept: `&Bulkhead`, or an `Arc` of one.
/// Implemented for these two, and for no others.
pub trait BulkheadRef: Deref<Target = Bulkhead<Self::Observer>> {
    /// The bulkhead's observer.
    type Observer: Observer;
}

impl<O: Observer> BulkheadRef for &Bulkhead<O> {
    type Observer = O;
}

impl<O: Observer> BulkheadRef for Arc<Bulkhead<O>> {
    type Observer = O;
}

/// A place that is kept from one poll of a call to the next, with what leads to its
/// bulkhead.
#[derive(Debug)]
pub(crate) struct HeldPlace<B: BulkheadRef> {
    bulkhead: B,
    places: u32,
}

impl<B: BulkheadRef> HeldPlace<B> {
    /// Asks the bulkhead for a place.
    #[inline]
    pub(crate) fn acquire(bulkhead: B) -> Result<Self, Limited> {
        let places = bulkhead.take(1)?;
        Ok(Self { bulkhead, places })
    }
}

impl<B: BulkheadRef> Drop for HeldPlace<B> {
    #[inline]
    fn drop(&mut self) {
        self.bulkhead.release(self.places);
    }
}
