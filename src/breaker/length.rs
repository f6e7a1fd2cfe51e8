//! The length of a trip, in the eight bits that an open word has for it.
//!
//! A number of three bits and a power of two, as a float has them: every length
//! up to 15 ms, and above that the next one whose number has four significant
//! bits. What is too long by up to an eighth is taken off the stamp, so the wait
//! is as long as was asked for.

/// Three bits after the leading one.
const FRACTION: u32 = 3;
const ONE: u64 = 1 << FRACTION;

/// The longest length that can be asked for, in milliseconds: 24 days, as long
/// as the longest recovery timeout.
pub(crate) const LONGEST_MS: u64 = 2_073_600_000;

/// The largest code that a length has. Larger ones are a foreign writer's.
pub(crate) const LARGEST: u64 = encode(LONGEST_MS);

/// The least code whose length is no shorter. 0 is no length.
pub(crate) const fn encode(millis: u64) -> u64 {
    let mut code = 0;
    while decode(code) < millis {
        code += 1;
    }
    code
}

/// The length of a code, in milliseconds.
#[inline]
pub(crate) const fn decode(code: u64) -> u64 {
    match code >> FRACTION {
        0 => code,
        power => (ONE + code % ONE) << (power - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_grow_and_the_next_one_is_found() {
        assert_eq!((encode(0), encode(1), encode(15), encode(16)), (0, 1, 15, 16));
        for code in 1..=LARGEST {
            let length = decode(code);
            assert!(decode(code - 1) < length, "{code}");
            assert_eq!(encode(length), code);
            assert_eq!(encode(length + 1), code + 1, "the next one");
            assert!(code < 8 || (length - decode(code - 1)) * 8 <= length, "an eighth: {code}");
        }
        assert!(LARGEST < 256 && decode(LARGEST) < 1 << 32);
    }
}
