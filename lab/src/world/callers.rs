//! Who calls: instances that call at once, or workers that take requests from a queue.

use std::collections::VecDeque;

use crate::{
    storm::{Share, Storm},
    time::Time,
};

#[derive(Debug)]
pub(super) struct Callers {
    count: u32,
    workers: bool,
    /// In the order in which they became idle.
    idle: VecDeque<u32>,
    /// When the requests came that wait for a worker.
    waiting: VecDeque<Time>,
}

impl Callers {
    #[allow(clippy::cast_possible_truncation)] // there are 100000 at most
    pub(super) fn of(storm: &Storm) -> Self {
        let clients = &storm.clients;
        let count = clients.workers.unwrap_or(clients.instances) as u32;
        Self {
            count,
            workers: clients.workers.is_some(),
            idle: (0..count).collect(),
            waiting: VecDeque::new(),
        }
    }

    pub(super) const fn count(&self) -> u32 {
        self.count
    }

    pub(super) const fn are_workers(&self) -> bool {
        self.workers
    }

    /// A request waits for a worker.
    pub(super) fn wait(&mut self, since: Time) {
        self.waiting.push_back(since);
    }

    /// Drops the requests that came before this; how many there were.
    pub(super) fn forget(&mut self, before: Time) -> u64 {
        let fresh = self.waiting.iter().position(|since| *since >= before);
        self.waiting.drain(..fresh.unwrap_or(self.waiting.len())).count() as u64
    }

    /// The worker that takes up the next request, if there are both.
    pub(super) fn takes_up(&mut self) -> Option<u32> {
        self.waiting.front()?;
        let worker = self.idle.pop_front()?;
        self.waiting.pop_front();
        Some(worker)
    }

    pub(super) fn is_idle(&mut self, worker: u32) {
        self.idle.push_back(worker);
    }

    /// Whether a caller is of the share that a partition cuts off.
    pub(super) fn is_parted(&self, caller: u32, share: Share) -> bool {
        f64::from(caller) < share.get() * f64::from(self.count)
    }
}
