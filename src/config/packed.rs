//! Where a setting lies in a packed word.

use crate::config::Setting;

/// A setting's bits in a packed word: as many as its largest value needs.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    shift: u32,
    mask: u64,
    code: Code,
}

/// What the bits of a setting mean.
#[derive(Clone, Copy)]
enum Code {
    /// Its value. The least that is read: a foreign writer can leave any bits.
    Plain { least: u64 },
    /// How many tens it is above its least value.
    Tens { least: u64 },
    /// A fraction of so many bits, and above it the power of two that it is
    /// multiplied by.
    Scaled { fraction: u32 },
}

impl Place {
    pub(crate) const fn of(setting: &Setting, shift: u32) -> Self {
        Self { shift, mask: mask_of(setting.max), code: Code::Plain { least: 0 } }
    }

    /// The place of a setting that is never read as less than its least value.
    pub(crate) const fn floored(self, setting: &Setting) -> Self {
        Self { code: Code::Plain { least: setting.min }, ..self }
    }

    /// The place of a setting that is a multiple of ten.
    pub(crate) const fn tens(self, setting: &Setting) -> Self {
        let least = setting.min;
        Self { mask: mask_of((setting.max - least) / 10), code: Code::Tens { least }, ..self }
    }

    /// The place, of 23 bits, of a setting that is kept exactly up to 2^19, and
    /// above that to 19 significant bits, rounded up.
    pub(crate) const fn scaled(self, setting: &Setting) -> Self {
        let place = Self { mask: (1 << 23) - 1, code: Code::Scaled { fraction: 19 }, ..self };
        let most = place.get(place.put(setting.max as u128));
        assert!(most == setting.max, "the largest value has too many bits");
        place
    }

    /// Whether no two settings share a bit.
    pub(crate) const fn are_apart(places: &[Self]) -> bool {
        let (mut taken, mut at) = (0, 0);
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
    #[allow(clippy::cast_possible_truncation)] // checked values have 64 bits at most
    pub(crate) const fn put(self, value: u128) -> u64 {
        let value = value as u64;
        let bits = match self.code {
            Code::Plain { .. } => value,
            Code::Tens { least } => (value - least) / 10,
            Code::Scaled { fraction } => {
                let mut power = 0;
                while value.div_ceil(1 << power) >> fraction != 0 {
                    power += 1;
                }
                value.div_ceil(1 << power) | power << fraction
            }
        };
        bits << self.shift
    }

    // Of a constant place only a shift and a mask are left. Built for size, the
    // compiler would keep it a function of all places.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    pub(crate) const fn get(self, word: u64) -> u64 {
        let bits = word >> self.shift & self.mask;
        match self.code {
            Code::Plain { least } if bits < least => least,
            Code::Plain { .. } => bits,
            Code::Tens { least } => least + bits * 10,
            Code::Scaled { fraction } => (bits & ((1 << fraction) - 1)) << (bits >> fraction),
        }
    }
}

/// The bits that a number needs.
const fn mask_of(largest: u64) -> u64 {
    (1 << (u64::BITS - largest.leading_zeros())) - 1
}
