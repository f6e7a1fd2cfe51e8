//! Where a setting lies in a packed word.

use crate::config::Setting;

/// A setting's bits in a packed word: as many as its largest value needs.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    shift: u32,
    mask: u64,
    /// The least value that is read: a foreign writer can leave any bits.
    least: u64,
}

impl Place {
    pub(crate) const fn of(setting: &Setting, shift: u32) -> Self {
        let bits = u64::BITS - setting.max.leading_zeros();
        Self { shift, mask: (1 << bits) - 1, least: 0 }
    }

    /// The place of a setting that is never read as less than its least value.
    pub(crate) const fn floored(self, setting: &Setting) -> Self {
        Self { least: setting.min, ..self }
    }

    /// Whether no two settings share a bit, and none has the top bit.
    pub(crate) const fn are_apart(places: &[Self]) -> bool {
        let mut taken = 1 << 63;
        let mut at = 0;
        while at < places.len() {
            let bits = places[at].mask << places[at].shift;
            if taken & bits != 0 {
                return false;
            }
            taken |= bits;
            at += 1;
        }
        true
    }

    /// The bits of a value that was checked.
    #[allow(clippy::cast_possible_truncation)] // at most 63 bits
    pub(crate) const fn put(self, value: u128) -> u64 {
        (value as u64) << self.shift
    }

    #[inline]
    pub(crate) const fn get(self, word: u64) -> u64 {
        let value = word >> self.shift & self.mask;
        if value < self.least { self.least } else { value }
    }
}
