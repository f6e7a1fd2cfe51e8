//! A thread that wakes tasks after a while, on any runtime.

use core::{cmp::Ordering, task::Waker, time::Duration};
use std::{
    collections::BinaryHeap,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Instant,
};

/// Wakes it after `delay`, by a thread that the first one starts. Where the system starts
/// none, it is woken at once, and asks again.
pub(super) fn wake_after(delay: Duration, waker: &Waker) {
    let Some(at) = Instant::now().checked_add(delay) else { return };
    let mut alarms = lock();
    if !alarms.rings {
        alarms.rings = thread::Builder::new().name("fusebox drills".into()).spawn(ring).is_ok();
    }
    if !alarms.rings {
        drop(alarms);
        return waker.wake_by_ref();
    }
    alarms.waiting.push(Alarm { at, waker: waker.clone() });
    drop(alarms);
    CHANGED.notify_one();
}

static ALARMS: Mutex<Alarms> = Mutex::new(Alarms { rings: false, waiting: BinaryHeap::new() });
static CHANGED: Condvar = Condvar::new();

struct Alarms {
    /// Whether the thread runs.
    rings: bool,
    waiting: BinaryHeap<Alarm>,
}

fn lock() -> MutexGuard<'static, Alarms> {
    ALARMS.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Alarm {
    at: Instant,
    waker: Waker,
}

/// The first of them stands on top of the heap.
impl Ord for Alarm {
    fn cmp(&self, other: &Self) -> Ordering {
        other.at.cmp(&self.at)
    }
}

impl PartialOrd for Alarm {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Alarm {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Alarm {}

fn ring() {
    let mut alarms = lock();
    loop {
        let now = Instant::now();
        let left = alarms.waiting.peek().map(|it| it.at.saturating_duration_since(now));
        alarms = match left {
            None => CHANGED.wait(alarms).unwrap_or_else(PoisonError::into_inner),
            Some(Duration::ZERO) => {
                let due = alarms.waiting.pop();
                drop(alarms);
                // Out of the lock: a waker is not ours.
                if let Some(due) = due {
                    due.waker.wake();
                }
                lock()
            }
            Some(left) => {
                CHANGED.wait_timeout(alarms, left).unwrap_or_else(PoisonError::into_inner).0
            }
        };
    }
}
