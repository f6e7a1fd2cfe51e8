//! A bounded queue: fusebox's bulkhead around workers and line.

use fusebox::{Bulkhead, Place};

use super::{Call, Guard};

/// So many calls may be at work or in line.
#[derive(Debug)]
pub struct Bounded<'b> {
    bulkhead: &'b Bulkhead,
    places: Vec<Option<Place<'b>>>,
}

impl<'b> Bounded<'b> {
    /// Of this bulkhead.
    #[must_use]
    pub const fn new(bulkhead: &'b Bulkhead) -> Self {
        Self { bulkhead, places: Vec::new() }
    }
}

impl Guard for Bounded<'_> {
    fn comes(&mut self, _: u64, call: Call) -> bool {
        let Ok(place) = self.bulkhead.try_acquire() else { return false };
        super::guard::keep(&mut self.places, call.slot, place);
        true
    }

    fn ends(&mut self, _: u64, call: Call) {
        self.places[call.slot] = None;
    }
}
