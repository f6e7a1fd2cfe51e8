//! What could not be delivered, kept in order until it can be.

use std::{
    collections::VecDeque,
    future::Future,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use fusebox::Priority;
use tracing::{error, info, warn};

use crate::lock;

/// What became of a thing that was to be delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// It is there.
    Done,
    /// It is not there, or nobody knows; whoever takes it takes it once only.
    #[default]
    Kept,
}

/// Somewhere to deliver things, which never fails: what does not arrive is to
/// be kept.
pub trait Deliver: Send + Sync {
    type Item: Clone + Send + Sync;

    /// What it is called.
    fn name(&self) -> &'static str;

    /// Delivers `item`, through the system's breaker. It is idempotent.
    fn deliver(&self, item: &Self::Item) -> impl Future<Output = Delivery> + Send;
}

/// Delivers things in the order in which they come, and keeps them while they
/// cannot be. It keeps `capacity` of them; what comes then is lost, which is an
/// ERROR event and a broken promise at the end.
pub struct Outbox<D: Deliver> {
    to: D,
    capacity: usize,
    /// Each with the priority at which it was sent: whoever replays it, it matters as much.
    kept: Mutex<VecDeque<(Priority, D::Item)>>,
    /// Held by whoever replays: one at a time, or the order would be lost.
    turn: tokio::sync::Mutex<()>,
    counts: Counts,
}

/// How often things happened to an outbox.
#[derive(Default)]
pub struct Counts {
    pub kept: AtomicU64,
    pub replayed: AtomicU64,
    pub lost: AtomicU64,
}

impl<D: Deliver> Outbox<D> {
    pub fn new(to: D, capacity: usize) -> Self {
        let (kept, turn, counts) =
            (Mutex::default(), tokio::sync::Mutex::default(), Counts::default());
        Self { to, capacity, kept, turn, counts }
    }

    /// Where it delivers to.
    pub fn to(&self) -> &D {
        &self.to
    }

    pub fn name(&self) -> &'static str {
        self.to.name()
    }

    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    pub fn waiting(&self) -> usize {
        lock(&self.kept).len()
    }

    /// Delivers `item`, or keeps it. While something is kept, that goes first.
    pub async fn send(&self, item: D::Item) -> Delivery {
        if self.waiting() == 0 {
            if self.to.deliver(&item).await == Delivery::Done {
                return Delivery::Done;
            }
            self.keep(item);
        } else {
            self.keep(item);
            self.replay().await;
        }
        Delivery::Kept
    }

    fn keep(&self, item: D::Item) {
        let to = self.to.name();
        let mut kept = lock(&self.kept);
        if kept.len() >= self.capacity {
            self.counts.lost.fetch_add(1, Ordering::Relaxed);
            error!(to, capacity = self.capacity, "the outbox is full, and something is lost");
            return;
        }
        if kept.is_empty() {
            warn!(to, "not delivered, kept for later");
        }
        kept.push_back((Priority::current(), item));
        self.counts.kept.fetch_add(1, Ordering::Relaxed);
    }

    /// Delivers what is kept, the oldest first, as far as it goes.
    pub async fn replay(&self) {
        let Ok(_turn) = self.turn.try_lock() else { return };
        let mut replayed = 0;
        loop {
            let Some((priority, oldest)) = lock(&self.kept).front().cloned() else { break };
            if priority.scope(self.to.deliver(&oldest)).await != Delivery::Done {
                break;
            }
            lock(&self.kept).pop_front();
            replayed += 1;
        }
        if replayed > 0 {
            self.counts.replayed.fetch_add(replayed, Ordering::Relaxed);
            info!(to = self.to.name(), replayed, "replayed what was kept");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    #[derive(Default)]
    struct Door {
        open: AtomicBool,
        passed: Mutex<Vec<u32>>,
    }

    impl Deliver for Door {
        type Item = u32;

        fn name(&self) -> &'static str {
            "door"
        }

        async fn deliver(&self, item: &u32) -> Delivery {
            if self.open.load(Ordering::Relaxed) {
                lock(&self.passed).push(*item);
                Delivery::Done
            } else {
                Delivery::Kept
            }
        }
    }

    #[tokio::test]
    async fn the_order_is_kept() {
        let outbox = Outbox::new(Door::default(), 10);
        assert_eq!(outbox.send(1).await, Delivery::Kept);
        assert_eq!(outbox.send(2).await, Delivery::Kept);
        outbox.to().open.store(true, Ordering::Relaxed);
        assert_eq!(outbox.send(3).await, Delivery::Kept, "behind the others, even if at once");
        assert_eq!(outbox.waiting(), 0);
        assert_eq!(outbox.send(4).await, Delivery::Done);
        assert_eq!(*lock(&outbox.to().passed), [1, 2, 3, 4]);
    }

    #[tokio::test]
    async fn what_is_kept_keeps_its_priority() {
        struct Heard(Mutex<Vec<Priority>>);

        impl Deliver for Heard {
            type Item = ();

            fn name(&self) -> &'static str {
                "heard"
            }

            async fn deliver(&self, (): &()) -> Delivery {
                let mut heard = lock(&self.0);
                heard.push(Priority::current());
                if heard.len() == 1 { Delivery::Kept } else { Delivery::Done }
            }
        }

        let outbox = Outbox::new(Heard(Mutex::default()), 10);
        Priority::CRITICAL.scope(outbox.send(())).await;
        Priority::BACKGROUND.scope(outbox.replay()).await;
        assert_eq!(*lock(&outbox.to().0), [Priority::CRITICAL; 2]);
    }

    #[tokio::test]
    async fn at_its_bound_it_says_what_is_lost() {
        let outbox = Outbox::new(Door::default(), 2);
        for item in 1..=3 {
            outbox.send(item).await;
        }
        assert_eq!(outbox.counts().lost.load(Ordering::Relaxed), 1);
        assert_eq!(outbox.waiting(), 2);
    }
}
