//! What a guard is: which calls come in, and which a worker does.

use fusebox::Priority;

/// The levels of calls, the highest first.
pub const LEVELS: [Priority; 4] =
    [Priority::CRITICAL, Priority::DEFAULT, Priority::SHEDDABLE, Priority::BACKGROUND];

/// A call, as a guard knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// Its number among the calls that are in the server; free again when it has ended.
    pub slot: usize,
    /// Which of [`LEVELS`] it has.
    pub level: usize,
    /// Whose call it is: a number by chance, from 0 to 127.
    pub user: u8,
}

/// A guard in front of a server's workers. Times are in microseconds.
pub trait Guard {
    /// A call comes; whether it may stand in line.
    fn comes(&mut self, now: u64, call: Call) -> bool;

    /// A worker takes a call that has stood in line for so long; whether it works on it.
    fn begins(&mut self, now: u64, call: Call, waited: u64) -> bool {
        let _ = (now, call, waited);
        true
    }

    /// A worker has ended a call.
    fn ends(&mut self, now: u64, call: Call) {
        let _ = (now, call);
    }
}

/// Keeps what a call holds, by its slot.
pub(super) fn keep<T>(all: &mut Vec<Option<T>>, slot: usize, held: T) {
    if all.len() <= slot {
        all.resize_with(slot + 1, || None);
    }
    all[slot] = Some(held);
}
