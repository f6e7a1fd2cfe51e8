//! How often something happened to a breaker.

#[cfg(not(fusebox_compact))]
use crate::sync::{Ordering, UnmodelledU64};

/// A statistic: it orders nothing and is read by itself, so it is relaxed. It
/// wraps.
#[cfg(not(fusebox_compact))]
#[derive(Debug)]
pub(crate) struct Counter(UnmodelledU64);

#[cfg(not(fusebox_compact))]
impl Counter {
    pub(crate) const fn new() -> Self {
        Self(UnmodelledU64::new(0))
    }

    pub(crate) fn add_one(&self) {
        self.add(1);
    }

    pub(crate) fn add(&self, many: u64) {
        self.0.fetch_add(many, Ordering::Relaxed);
    }

    /// Adds one, of what may happen a million times a second on each of many
    /// threads. A thread that adds to the same counter again and again writes less
    /// and less often, and in advance: the count may be too large by a 64th of such a
    /// run, if it is longer than 128, and by 4095 at most for each thread.
    /// Without `std` it adds one.
    #[inline]
    pub(crate) fn add_often(&self) {
        #[cfg(all(feature = "std", not(fusebox_loom)))]
        prepaid::add(self);
        #[cfg(not(all(feature = "std", not(fusebox_loom))))]
        self.add_one();
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// It counts anew.
    pub(crate) fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// A compact slot has no room for statistics, and nobody can ask for them.
#[cfg(fusebox_compact)]
#[derive(Debug)]
pub(crate) struct Counter;

#[cfg(fusebox_compact)]
impl Counter {
    pub(crate) const fn new() -> Self {
        Self
    }

    #[allow(clippy::unused_self)] // as the other's
    pub(crate) const fn add_one(&self) {}

    #[allow(clippy::unused_self)] // as the other's
    pub(crate) const fn add(&self, _many: u64) {}

    #[allow(clippy::unused_self)] // as the other's
    pub(crate) const fn add_often(&self) {}
}

/// What threads have added in advance.
#[cfg(all(feature = "std", not(fusebox_compact), not(fusebox_loom)))]
mod prepaid {
    use core::cell::Cell;

    use super::Counter;

    /// What a thread has added to a counter.
    struct Paid {
        /// The counter's address, which is an identity and never followed, and in the
        /// lowest 16 bits how often nothing needs to be written.
        left: Cell<u64>,
        /// How much was added in a row.
        run: Cell<u64>,
    }

    const LEFT: u32 = 16;
    const ENTRIES: usize = 8;
    /// What is added at once, at most, and as a share of what was added before.
    const MOST: u64 = 4_096;
    const SHARE: u64 = 64;

    std::thread_local! {
        static PAID: [Paid; ENTRIES] =
            const { [const { Paid { left: Cell::new(0), run: Cell::new(0) } }; ENTRIES] };
    }

    #[inline]
    pub(super) fn add(counter: &Counter) {
        // By value, and nothing but that: should the compiler not inline it, it costs
        // little more.
        PAID.with(move |paid| {
            let address = core::ptr::from_ref(counter).addr();
            let entry = (address >> 3 ^ address >> 8) % ENTRIES;
            let none_left = (address as u64) << LEFT;
            let left = paid[entry].left.get();
            // A counter that says less than this thread has added is another one, which
            // lies where that lay.
            if left.wrapping_sub(none_left + 1) < MOST && counter.get() >= paid[entry].run.get() {
                paid[entry].left.set(left - 1);
            } else {
                pay(counter, &paid[entry], left, none_left);
            }
        });
    }

    #[cold]
    #[inline(never)]
    fn pay(counter: &Counter, paid: &Paid, left: u64, none_left: u64) {
        let mut run = paid.run.get();
        if left != none_left || counter.get() < run {
            run = 0;
        }
        let many = (run / SHARE).clamp(1, MOST);
        counter.add(many);
        paid.left.set(none_left + many - 1);
        paid.run.set(run + many);
    }
}
