//! A little randomness: a mixing function, and the seed of this process.

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
