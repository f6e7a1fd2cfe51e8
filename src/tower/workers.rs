//! The workers of a service: as many calls as may be at work, and a fair line for the rest.

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::machine::{Bits, Machine};

/// So many permits as there are workers. Calls wait for one in the order in which they
/// were first polled.
#[derive(Debug)]
pub(super) struct Workers {
    free: Semaphore,
    /// How many permits there are, free or not.
    many: Machine,
}

impl Workers {
    pub(super) fn new(many: u32) -> Self {
        Self { free: Semaphore::new(many as usize), many: Machine::new(many.into()) }
    }

    /// Waits for a worker, of as many as are `wanted`.
    pub(super) async fn take<W: Fn() -> u32>(&self, wanted: W) -> Worker<'_, W> {
        self.grow(wanted());
        // It fails only when the semaphore is closed, which nobody does.
        let permit = self.free.acquire().await.ok();
        Worker { workers: self, permit, wanted }
    }

    fn grow(&self, wanted: u32) {
        let Bits(many) = self.many.load();
        let wanted = u64::from(wanted);
        // Of those that see it, one adds them.
        if many < wanted && self.many.replace(Bits(many), Bits(wanted)) {
            let more = usize::try_from(wanted - many).unwrap_or(0);
            self.free.add_permits(more);
        }
    }

    /// Whether the caller is to take one away with it, as there are too many.
    fn shrinks(&self, wanted: u32) -> bool {
        let wanted = u64::from(wanted);
        let shrink = |Bits(many)| (Bits(many - u64::from(many > wanted)), many > wanted);
        self.many.step(self.many.load(), shrink).said
    }
}

/// A worker that is busy. Dropped, it takes the next call in line.
#[derive(Debug)]
pub(super) struct Worker<'a, W: Fn() -> u32> {
    workers: &'a Workers,
    permit: Option<SemaphorePermit<'a>>,
    wanted: W,
}

impl<W: Fn() -> u32> Drop for Worker<'_, W> {
    fn drop(&mut self) {
        let Some(permit) = self.permit.take() else { return };
        if self.workers.shrinks((self.wanted)()) {
            permit.forget();
        }
    }
}
