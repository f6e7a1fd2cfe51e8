//! How the last calls ended: exactly `k` of the last `n`, in one word.

#[cfg(not(fusebox_compact))]
use crate::machine::{Machine, Step};
use crate::{machine, sync::const_fn};

/// The last 64 calls, the latest in the lowest bit: 1 is a failure. All zeros is a
/// fixpoint of success, so nothing is written once the last `n` calls went well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Last(pub(crate) u64);

impl Last {
    /// After one more call, of those that a window of this size holds.
    #[cfg(not(fusebox_compact))]
    pub(crate) const fn and(self, failed: bool, window: u8) -> Self {
        let mask = if window < 64 { (1 << window) - 1 } else { u64::MAX };
        Self((self.0 << 1 | failed as u64) & mask)
    }

    /// Whether none of them failed.
    pub(crate) const fn is_clear(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn failures(self) -> u64 {
        self.0.count_ones() as u64
    }
}

impl machine::Word for Last {
    crate::machine::bits!();

    #[cfg(fusebox_loom)]
    fn is_torn(self, _: Self) -> bool {
        crate::sync::planted!(LostCallOfWindow)
    }
}

/// The last calls of a breaker whose settings have a window. Where it is not all
/// zeros, the breaker's word has the bit of attention.
#[cfg(not(fusebox_compact))]
#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct History(Machine);

#[cfg(not(fusebox_compact))]
impl History {
    const_fn! {
        pub(crate) fn new() -> Self {
            Self(Machine::new(0))
        }
    }

    pub(crate) fn get(&self) -> Last {
        self.0.load()
    }

    /// Adds so many calls that ended alike; how the last ones ended then.
    pub(crate) fn add(&self, failed: bool, calls: u64, window: u8) -> Last {
        let Step { to, .. } = self.0.step(self.0.load(), |last: Last| {
            ((0..calls).fold(last, |last, _| last.and(failed, window)), ())
        });
        to
    }

    pub(crate) fn clear(&self) {
        self.set(Last(0));
    }

    pub(crate) fn set(&self, last: Last) {
        self.0.store(last);
    }
}

/// A compact slot has no room for it, and its settings no window.
#[cfg(fusebox_compact)]
#[derive(Debug)]
pub(crate) struct History;

#[cfg(fusebox_compact)]
#[allow(clippy::unused_self)] // as the other's
impl History {
    const_fn! {
        pub(crate) fn new() -> Self {
            Self
        }
    }

    pub(crate) const fn get(&self) -> Last {
        Last(0)
    }

    pub(crate) const fn add(&self, _failed: bool, _calls: u64, _window: u8) -> Last {
        Last(0)
    }

    pub(crate) const fn clear(&self) {}
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_counts_as_a_queue_does(
            window in 1..=64_u8,
            calls in prop::collection::vec(any::<bool>(), 0..300),
        ) {
            let (mut last, mut queue) = (Last(0), VecDeque::new());
            for failed in calls {
                last = last.and(failed, window);
                queue.push_front(failed);
                queue.truncate(window.into());
                prop_assert_eq!(last.failures(), queue.iter().filter(|it| **it).count() as u64);
            }
        }
    }
}
