//! Which calls are timed while all is well.
//!
//! A reading of the clock costs more than a whole healthy call. So a thread times
//! its first calls of each tick, and of the others one in 16 on average: at a low
//! rate every call, at a high one a sample. The gaps are drawn at random, or calls
//! that alternate between breakers would always hit the same one.

/// So many calls of a thread are timed in each tick before it begins to skip some.
#[cfg(feature = "std")]
const FIRST: u32 = 32;

#[cfg(all(feature = "std", not(fusebox_loom)))]
mod thread {
    use core::cell::Cell;

    std::thread_local! {
        /// Calls to skip before the next one is timed.
        pub(super) static LEFT: Cell<u32> = const { Cell::new(0) };
        /// The tick of the last timed call, how many were timed in it, and the state
        /// of the gaps.
        pub(super) static STATE: Cell<(u64, u32, u32)> = const { Cell::new((0, 0, 1)) };
    }
}

/// Whether this thread's next call is timed. Whoever times it calls
/// [`timed_at`].
#[inline]
pub(super) fn is_due() -> bool {
    #[cfg(all(feature = "std", not(fusebox_loom)))]
    return thread::LEFT.with(|left| match left.get().checked_sub(1) {
        None => true,
        Some(fewer) => {
            left.set(fewer);
            false
        }
    });
    // Without threads to keep a count, every call is timed.
    #[cfg(not(all(feature = "std", not(fusebox_loom))))]
    true
}

/// A call of this thread is timed at this tick.
#[inline]
pub(super) fn timed_at(tick: u64) {
    #[cfg(all(feature = "std", not(fusebox_loom)))]
    thread::STATE.with(|state| {
        let (last, timed, draw) = state.get();
        if tick != last {
            state.set((tick, 1, draw));
        } else if timed < FIRST {
            state.set((tick, timed + 1, draw));
        } else {
            // Numerical Recipes' generator; its upper bits are good enough for gaps.
            let draw = draw.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.set((tick, timed, draw));
            thread::LEFT.with(|left| left.set(8 + (draw >> 28)));
        }
    });
    #[cfg(not(all(feature = "std", not(fusebox_loom))))]
    let _ = tick;
}
