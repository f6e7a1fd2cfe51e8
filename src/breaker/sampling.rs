//! Which calls are timed while all is well.
//!
//! A reading of the clock costs more than a whole healthy call. So a thread times
//! its first calls of each tick, and of the others one in 16 on average: at a low
//! rate every call, at a high one a sample. The gaps are drawn at random, or calls
//! that alternate between breakers would always hit the same one.

/// So many calls of a thread are timed in each tick before it begins to skip some.
#[cfg(all(feature = "std", not(fusebox_loom)))]
const FIRST: u32 = 32;

#[cfg(all(feature = "std", not(fusebox_loom)))]
use crate::sync::Ordering;

#[cfg(all(feature = "std", not(fusebox_loom)))]
mod thread {
    use core::cell::Cell;

    use crate::sync::{Ordering, UnmodelledBool as AtomicBool, UnmodelledUsize as AtomicUsize};

    std::thread_local! {
        /// Calls to skip before the next one is timed.
        pub(super) static LEFT: Cell<u32> = const { Cell::new(0) };
        /// The tick of the last timed call, how many were timed in it, and the state
        /// of the gaps.
        pub(super) static STATE: Cell<(u64, u32, u32)> = const { Cell::new((0, 0, 1)) };
        /// This thread's number, once it was asked for.
        pub(super) static NUMBER: Cell<usize> = const { Cell::new(usize::MAX) };
    }

    /// Whether this process records calls, and so times each one.
    pub(super) static EVERY: AtomicBool = AtomicBool::new(false);

    /// The next number of a thread.
    #[cold]
    pub(super) fn number() -> usize {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        // Only that threads differ matters: relaxed.
        THREADS.fetch_add(1, Ordering::Relaxed) & (usize::MAX >> 1)
    }
}

/// Whether this thread's next call is one that is not timed. Whoever times one calls
/// [`timed_at`].
#[inline]
pub(super) fn skips() -> bool {
    #[cfg(all(feature = "std", not(fusebox_loom)))]
    return thread::LEFT.with(|left| match left.get().checked_sub(1) {
        None => false,
        Some(fewer) => {
            left.set(fewer);
            true
        }
    });
    // Without threads to keep a count, every call is timed.
    #[cfg(not(all(feature = "std", not(fusebox_loom))))]
    false
}

/// From now on this process times every call, as some of them are recorded. What a thread
/// was about to skip, it skips: 23 calls at most.
#[cold]
pub(super) fn time_all() {
    // A lone flag: relaxed, here and below.
    #[cfg(all(feature = "std", not(fusebox_loom)))]
    thread::EVERY.store(true, Ordering::Relaxed);
}

/// A call of this thread is timed at this tick; whether it is the first in it.
#[inline]
pub(super) fn timed_at(tick: u64) -> bool {
    #[cfg(all(feature = "std", not(fusebox_loom)))]
    return thread::STATE.with(|state| {
        let (last, timed, draw) = state.get();
        if tick != last {
            state.set((tick, 1, draw));
            return true;
        }
        if timed < FIRST {
            state.set((tick, timed + 1, draw));
        } else if !thread::EVERY.load(Ordering::Relaxed) {
            // Numerical Recipes' generator; its upper bits are good enough for gaps.
            let draw = draw.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.set((tick, timed, draw));
            thread::LEFT.with(|left| left.set(8 + (draw >> 28)));
        }
        false
    });
    #[cfg(not(all(feature = "std", not(fusebox_loom))))]
    {
        let _ = tick;
        true
    }
}

/// The group of this thread, of `groups`.
#[inline]
pub(super) fn group(groups: usize) -> usize {
    #[cfg(all(feature = "std", not(fusebox_loom)))]
    return thread::NUMBER.with(|number| {
        if number.get() == usize::MAX {
            number.set(thread::number());
        }
        number.get() % groups
    });
    #[cfg(not(all(feature = "std", not(fusebox_loom))))]
    {
        groups - 1 // there is one
    }
}
