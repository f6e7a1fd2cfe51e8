//! What is known of a breaker's callers, as a reading has it.

use crate::callers::place::Place;

/// Which breakers' calls called this one, while somebody had that learned: part of a
/// [`Reading`](crate::Reading). The `Map` (with the feature `map`) makes a picture of the
/// readings of a panel.
///
/// Breakers are numbered from 1 to 256: by their slots, where they are in a registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Callers {
    place: Place,
    bits: [u64; 4],
}

impl Callers {
    pub(crate) const fn new(place: Place, bits: [u64; 4]) -> Self {
        Self { place, bits }
    }

    /// Returns the breaker's own number, from 1 to 256; `None` where it is in no map.
    #[must_use]
    pub const fn number(&self) -> Option<u16> {
        self.place.number()
    }

    /// Returns the number that was drawn for the panel when it was first mapped; 1 for breakers
    /// that are in no panel, 0 where the breaker is in no map.
    #[must_use]
    pub const fn panel(&self) -> u32 {
        self.place.panel()
    }

    /// Returns whether calls are learned from.
    #[must_use]
    pub const fn is_learning(&self) -> bool {
        self.place.learns()
    }

    /// Returns how many times a call of this breaker was tried by retries around it, as far as
    /// was seen: at least 1, and 2047 where it was more. Only those count that lie between this
    /// breaker and the one whose call it is made in.
    #[must_use]
    pub const fn attempts_around(&self) -> u16 {
        self.place.around()
    }

    /// Returns how many times retries inside a call of this breaker tried, likewise.
    #[must_use]
    pub const fn attempts_within(&self) -> u16 {
        self.place.within()
    }

    /// Returns whether a call of the breaker with this number has called this one.
    #[must_use]
    pub const fn has(&self, number: u16) -> bool {
        if number < 1 || number > 256 {
            return false;
        }
        let at = number - 1;
        self.bits[at as usize / 64] >> (at % 64) & 1 != 0
    }

    /// Iterates over the numbers of the callers, in their order.
    pub fn iter(&self) -> impl Iterator<Item = u16> + '_ {
        (1..=256).filter(|number| self.has(*number))
    }
}

#[cfg(feature = "map")]
impl Callers {
    /// The same breaker's, with these attempts and without a caller.
    pub(crate) const fn redrawn(self, around: u16, within: u16) -> Self {
        Self { place: self.place.forgotten().with_attempts(around, within), bits: [0; 4] }
    }

    /// With this number among the callers, where it is one.
    pub(crate) fn add(&mut self, number: u16) {
        if (1..=256).contains(&number) {
            let at = number - 1;
            self.bits[usize::from(at) / 64] |= 1 << (at % 64);
        }
    }
}
