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
    /// and less often, up to 64 at once, and in advance: the count may be too large
    /// by a 64th of such a run of more than 128, and by 63 at most for each thread.
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

    /// Of one counter.
    #[derive(Clone, Copy)]
    struct Paid {
        /// The counter's address: an identity, and never followed.
        of: usize,
        /// How often nothing needs to be written.
        left: u32,
        /// How much was added in a row.
        run: u32,
        /// What the counter said then. One that says less is another one, which
        /// came to lie in its place.
        said: u64,
    }

    const NONE: Paid = Paid { of: 0, left: 0, run: 0, said: 0 };
    const ENTRIES: usize = 8;
    /// What is added at once, at most.
    const MOST: u32 = 64;

    std::thread_local! {
        static PAID: [Cell<Paid>; ENTRIES] = const { [const { Cell::new(NONE) }; ENTRIES] };
    }

    #[inline]
    pub(super) fn add(counter: &Counter) {
        let address = core::ptr::from_ref(counter).addr();
        let entry = (address >> 3 ^ address >> 8) % ENTRIES;
        PAID.with(|paid| {
            let entry = &paid[entry];
            let paid = entry.get();
            if paid.of == address && paid.left > 0 && counter.get() >= paid.said {
                entry.set(Paid { left: paid.left - 1, ..paid });
            } else {
                entry.set(pay(counter, paid, address));
            }
        });
    }

    #[cold]
    #[inline(never)]
    fn pay(counter: &Counter, paid: Paid, address: usize) -> Paid {
        let goes_on = paid.of == address && counter.get() >= paid.said;
        let run = if goes_on { paid.run } else { 0 };
        let many = (run / 64).clamp(1, MOST);
        counter.add(many.into());
        Paid { of: address, left: many - 1, run: run.saturating_add(many), said: counter.get() }
    }
}
