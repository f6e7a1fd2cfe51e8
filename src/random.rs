//! A little randomness: a mixing function, and the seed of this process.

use rand_xoshiro::{
    SplitMix64,
    rand_core::{Rng, SeedableRng},
};

use crate::sync::{Ordering, UnmodelledU64};

/// Scatters `value` over 64 bits: the finalizer of Steele, Lea and Flood's
/// `SplitMix64` ("Fast splittable pseudorandom number generators", 2014).
pub(crate) const fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// 0 until it is drawn or set.
static SEED: UnmodelledU64 = UnmodelledU64::new(0);

/// Sets the seed from which this process draws its jitter, to repeat a run or,
/// without `std`, to give the entropy that the crate cannot find by itself (a
/// device's serial number does). With `std` it is drawn at first use.
pub fn set_seed(seed: u64) {
    // A lone value that publishes nothing: relaxed. 0 means "not drawn".
    SEED.store(if seed == 0 { 1 } else { seed }, Ordering::Relaxed);
}

pub(crate) fn process_seed() -> u64 {
    let seed = SEED.load(Ordering::Relaxed);
    if seed != 0 {
        return seed;
    }
    #[cfg(feature = "std")]
    {
        let drawn = fastrand::u64(1..);
        // Of racing first users one wins, and all take its seed.
        match SEED.compare_exchange(0, drawn, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => drawn,
            Err(first) => first,
        }
    }
    #[cfg(not(feature = "std"))]
    1
}

/// A seed that no other sequence in this process has: with `std` drawn from
/// the thread's own source, else the next one after the process's seed.
pub(crate) fn sequence_seed() -> u64 {
    static SEQUENCES: UnmodelledU64 = UnmodelledU64::new(0);
    // A program that set its seed wants to see its run again.
    #[cfg(feature = "std")]
    if SEED.load(Ordering::Relaxed) == 0 {
        return fastrand::u64(..);
    }
    // Only that no two callers get the same number matters: relaxed.
    mix(process_seed() ^ mix(SEQUENCES.fetch_add(1, Ordering::Relaxed)))
}

/// A number below `bound`, or 0 if that is 0, from a sequence of which `state`
/// is all there is: so whoever holds it can be `Copy`.
#[inline]
pub(crate) fn below(state: &mut u64, bound: u64) -> u64 {
    let drawn = SplitMix64::seed_from_u64(*state).next_u64();
    // As that generator moves on by itself: by the golden ratio.
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    // Lemire, "Fast random integer generation in an interval" (2019), without
    // its rejection: the bias is below one in 2^64 / bound.
    #[allow(clippy::cast_possible_truncation)] // the high half
    let scaled = ((u128::from(drawn) * u128::from(bound)) >> u64::BITS) as u64;
    scaled
}
