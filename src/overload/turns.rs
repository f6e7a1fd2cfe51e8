//! Which of the calls are admitted where a share of them is: evenly spread, not drawn.
//!
//! The word is a sum of shares. A call adds its own, and is admitted where the sum passes
//! a whole number. So of any calls in a row, on any threads, as many are admitted as
//! their shares add up to, to one call.

use super::ALL;

/// Of so many calls that each added `share` to what the sum was `before`, those that are
/// admitted.
#[inline]
pub(crate) const fn admitted(before: u64, share: u64, calls: u64) -> u64 {
    (before % ALL + share * calls) / ALL
}
