//! A little randomness: a mixing function, and the seed of this process.

use rand_xoshiro::{
    SplitMix64,
    rand_core::{Rng, SeedableRng},
};

use crate::{
    sync::{Ordering, UnmodelledU64},
    wide::high,
};

/// Scatters `value` over 64 bits: the finalizer of Steele, Lea and Flood's
/// `SplitMix64` ("Fast splittable pseudorandom number generators", 2014).
pub(crate) const fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The seed that the program set; 0 where it set none.
static SET: UnmodelledU64 = UnmodelledU64::new(0);

/// Sets the seed from which this process draws its jitter. Set it to repeat a
/// run or, without `std`, to give the entropy that the crate cannot find by
/// itself: a device's serial number does. With `std` a seed is drawn at the
/// first use, and processes that were forked from one draw different numbers;
/// from a seed that was set they all draw the same.
///
/// ```
/// fusebox::set_seed(0x5EED);
/// ```
pub fn set_seed(seed: u64) {
    // A lone value that publishes nothing: relaxed. 0 means "not set".
    SET.store(if seed == 0 { 1 } else { seed }, Ordering::Relaxed);
}

/// The seed of this process: the one that was set, or else one of its own.
pub(crate) fn process_seed() -> u64 {
    match SET.load(Ordering::Relaxed) {
        0 => own_seed(),
        seed => seed,
    }
}

/// A seed that no other process has, be it forked from this one: a fork copies
/// all memory, and only the process's number tells the two apart. That is a
/// system call, which only breakers with a recovery jitter make.
#[cfg(feature = "std")]
fn own_seed() -> u64 {
    static DRAWN: UnmodelledU64 = UnmodelledU64::new(0);
    let drawn = match DRAWN.load(Ordering::Relaxed) {
        0 => {
            let drawn = fastrand::u64(1..);
            // Of racing first users one wins, and all take its seed: relaxed.
            match DRAWN.compare_exchange(0, drawn, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => drawn,
                Err(first) => first,
            }
        }
        drawn => drawn,
    };
    mix(drawn ^ mix(std::process::id().into()))
}

#[cfg(not(feature = "std"))]
const fn own_seed() -> u64 {
    1
}

/// A seed that no other sequence in this process has, nor one in a process that
/// was forked from it.
pub(crate) fn sequence_seed() -> u64 {
    static SEQUENCES: UnmodelledU64 = UnmodelledU64::new(0);
    let set = SET.load(Ordering::Relaxed);
    // The thread's own source shares no line with other threads'.
    #[cfg(feature = "std")]
    if set == 0 {
        return mix(fastrand::u64(..) ^ mix(std::process::id().into()));
    }
    // Only that no two callers get the same number matters: relaxed. A program
    // that set its seed sees its run again.
    mix(set ^ mix(SEQUENCES.fetch_add(1, Ordering::Relaxed)))
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
    high(drawn, bound)
}
