//! What happens next.

use std::{cmp::Reverse, collections::BinaryHeap};

use crate::time::Time;

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    /// The next phase begins.
    Phase,
    /// The next request comes, at an open loop's rate.
    Request,
    /// A caller of a closed loop makes its next request.
    Caller(u32),
    /// A request's next attempt is due.
    Attempt(u32),
    /// An attempt reaches its service.
    Reaches(Attempted),
    /// A server has done its work for an attempt.
    Served(Attempted),
    /// An attempt has waited in line for as long as its service lets anybody wait.
    LeavesLine(Attempted),
    /// A caller hears how its attempt ended.
    Ends(Attempted),
    /// A caller waits no longer.
    GivesUp(Attempted),
    /// The rules do their periodic work.
    Update,
}

/// An attempt: its place, and how often the place was used before. An event of an
/// attempt that is over means nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Attempted {
    pub(super) place: u32,
    pub(super) turn: u32,
}

/// Events in the order of their times, and at one time in the order in which they were
/// added.
#[derive(Debug, Default)]
pub(super) struct Events {
    queue: BinaryHeap<Reverse<(Time, u64, Event)>>,
    added: u64,
}

impl Events {
    pub(super) fn add(&mut self, at: Time, event: Event) {
        if at == Time::NEVER {
            return;
        }
        self.added += 1;
        self.queue.push(Reverse((at, self.added, event)));
    }

    pub(super) fn next(&mut self) -> Option<(Time, Event)> {
        self.queue.pop().map(|Reverse((at, _, event))| (at, event))
    }

    /// How many there were so far.
    pub(super) const fn count(&self) -> u64 {
        self.added
    }
}
