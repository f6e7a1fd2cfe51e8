//! Where a setting lies in packed words.

use crate::config::Setting;

/// A setting's bits in one of the packed words: as many as its largest value needs.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    word: usize,
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
    /// Its value, where the top bit of its place is not set, which is another
    /// setting's.
    Lower { top: u64 },
    /// Its value less 1, under a top bit that is set; 0 where it is not.
    Upper { top: u64 },
}

impl Place {
    /// `at` counts the bits of all words.
    pub(crate) const fn of(setting: &Setting, at: u32) -> Self {
        Self {
            word: (at / u64::BITS) as usize,
            shift: at % u64::BITS,
            mask: mask_of(setting.max),
            code: Code::Plain { least: 0 },
        }
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

    /// The place of a setting that is kept exactly up to a power of two, 2 to
    /// `fraction`, and above that to so many significant bits, rounded up.
    pub(crate) const fn scaled(self, setting: &Setting, fraction: u32, power: u32) -> Self {
        let mask = (1 << (fraction + power)) - 1;
        let place = Self { mask, code: Code::Scaled { fraction }, ..self };
        let most = place.read(place.put(setting.max as u128));
        assert!(most == setting.max, "the largest value has too many bits");
        place
    }

    /// The place of 8 bits whose upper half is another setting's: of the two, one
    /// is 0.
    pub(crate) const fn lower(self, setting: &Setting) -> Self {
        assert!(setting.max < 1 << 7, "the lower half is too small");
        Self { mask: (1 << 7) - 1, code: Code::Lower { top: 1 << 7 }, ..self }
    }

    /// The upper half of such a place.
    pub(crate) const fn upper(self, setting: &Setting) -> Self {
        assert!(setting.max <= 1 << 7, "the upper half is too small");
        Self { mask: 1 << 7, code: Code::Upper { top: 1 << 7 }, ..self }
    }

    /// Whether no two settings share a bit, and all fit.
    pub(crate) const fn are_apart<const WORDS: usize>(places: &[Self]) -> bool {
        let (mut taken, mut at) = ([0; WORDS], 0);
        while at < places.len() {
            let Self { word, shift, mask, .. } = places[at];
            let bits = mask << shift;
            if bits >> shift != mask || taken[word] & bits != 0 {
                return false;
            }
            taken[word] |= bits;
            at += 1;
        }
        true
    }

    /// The bits that it has.
    pub(crate) const fn bits<const WORDS: usize>(self) -> [u64; WORDS] {
        let mut words = [0; WORDS];
        words[self.word] = self.mask << self.shift;
        words
    }

    /// The words with the bits of a value that was checked.
    pub(crate) const fn into<const WORDS: usize>(
        self,
        mut words: [u64; WORDS],
        value: u128,
    ) -> [u64; WORDS] {
        words[self.word] |= self.put(value) << self.shift;
        words
    }

    /// The bits of a value that was checked.
    #[allow(clippy::cast_possible_truncation)] // checked values have 64 bits at most
    const fn put(self, value: u128) -> u64 {
        let value = value as u64;
        match self.code {
            Code::Plain { .. } | Code::Lower { .. } => value,
            Code::Upper { .. } if value == 0 => 0,
            Code::Upper { top } => top | (value - 1),
            Code::Tens { least } => (value - least) / 10,
            Code::Scaled { fraction } => {
                let mut power = 0;
                while value.div_ceil(1 << power) >> fraction != 0 {
                    power += 1;
                }
                value.div_ceil(1 << power) | power << fraction
            }
        }
    }

    // Of a constant place only a shift and a mask are left. Built for size, the
    // compiler would keep it a function of all places.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    pub(crate) const fn get<const WORDS: usize>(self, words: [u64; WORDS]) -> u64 {
        // A compact slot keeps no other word: the compiler may know it is zero.
        let word = if cfg!(fusebox_compact) && self.word > 0 { 0 } else { words[self.word] };
        self.read(word >> self.shift)
    }

    /// The value of bits that begin with its own.
    #[allow(clippy::inline_always)] // as `get`
    #[inline(always)]
    const fn read(self, from: u64) -> u64 {
        let bits = from & self.mask;
        match self.code {
            Code::Lower { top } if from & top != 0 => 0,
            Code::Plain { least } if bits < least => least,
            Code::Plain { .. } | Code::Lower { .. } => bits,
            Code::Tens { least } => least + bits * 10,
            Code::Scaled { fraction } => (bits & ((1 << fraction) - 1)) << (bits >> fraction),
            Code::Upper { top } if from & top != 0 => (from & (top - 1)) + 1,
            Code::Upper { .. } => 0,
        }
    }
}

/// The bits that a number needs.
const fn mask_of(largest: u64) -> u64 {
    (1 << (u64::BITS - largest.leading_zeros())) - 1
}
