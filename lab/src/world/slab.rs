//! Places that are used again and again.

use crate::world::events::Attempted;

/// Things in places; a place that is free is used again.
#[derive(Debug)]
pub(super) struct Slab<T> {
    /// How often each place was used before, and what is there.
    places: Vec<(u32, Option<T>)>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { places: Vec::new(), free: Vec::new() }
    }
}

impl From<Attempted> for u32 {
    fn from(attempt: Attempted) -> Self {
        attempt.place
    }
}

impl<T> Slab<T> {
    pub(super) fn add(&mut self, thing: T) -> Attempted {
        if let Some(place) = self.free.pop() {
            let (turn, empty) = &mut self.places[place as usize];
            *empty = Some(thing);
            return Attempted { place, turn: *turn };
        }
        self.places.push((0, Some(thing)));
        // A storm of 2^32 calls at a time has no memory left.
        Attempted { place: u32::try_from(self.places.len() - 1).expect("a place"), turn: 0 }
    }

    /// What is there, if it is still what was put there then.
    pub(super) fn get(&self, key: Attempted) -> Option<&T> {
        let (turn, thing) = &self.places[key.place as usize];
        thing.as_ref().filter(|_| *turn == key.turn)
    }

    /// What is there.
    pub(super) fn at(&self, place: impl Into<u32>) -> &T {
        self.places[place.into() as usize].1.as_ref().expect("a thing that is there")
    }

    pub(super) fn at_mut(&mut self, place: impl Into<u32>) -> &mut T {
        self.places[place.into() as usize].1.as_mut().expect("a thing that is there")
    }

    pub(super) fn remove(&mut self, place: impl Into<u32>) {
        let place = place.into();
        let (turn, thing) = &mut self.places[place as usize];
        if thing.take().is_some() {
            *turn = turn.wrapping_add(1);
            self.free.push(place);
        }
    }
}
