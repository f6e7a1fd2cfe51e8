//! A store in this process's memory, for tests and simulations.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::{
    beat::{Beat, Pulse},
    news::News,
    order::SignedOrder,
    transport::{Store, StoreError},
};

/// A store in memory that instances of one process share. Its time is moved by hand.
#[derive(Debug, Clone, Default)]
pub struct Simulated {
    shared: Arc<Mutex<Shared>>,
    instance: String,
    read: usize,
    /// When this instance last said that it is alive.
    beaten: Option<Duration>,
}

#[derive(Debug, Default)]
struct Shared {
    now: Duration,
    is_down: bool,
    feed: Vec<(Duration, String, Vec<u8>)>,
    last: HashMap<String, (Duration, Vec<u8>)>,
    /// By group and instance.
    beats: BTreeMap<(String, String), Duration>,
    leases: HashMap<String, Duration>,
    /// How many cells of each quota were taken, and when its part of the time is over.
    drawn: HashMap<String, (u64, Duration)>,
    orders: HashMap<String, Vec<u8>>,
    order_log: Vec<Vec<u8>>,
}

impl Simulated {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same store, as this instance sees it.
    #[must_use]
    pub fn of(&self, instance: impl Into<String>) -> Self {
        Self { shared: self.shared.clone(), instance: instance.into(), read: 0, beaten: None }
    }

    /// Moves its time on.
    pub fn advance(&self, by: Duration) {
        self.shared().now += by;
    }

    /// Takes it away, or brings it back with what it had.
    pub fn set_down(&self, is_down: bool) {
        self.shared().is_down = is_down;
    }

    /// Empties it.
    pub fn flush(&self) {
        let mut shared = self.shared();
        shared.last.clear();
        shared.beats.clear();
        shared.leases.clear();
        shared.drawn.clear();
        shared.orders.clear();
        shared.order_log.clear();
    }

    fn shared(&self) -> std::sync::MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn up(&self) -> Result<std::sync::MutexGuard<'_, Shared>, StoreError> {
        let shared = self.shared();
        if shared.is_down { Err(StoreError::new("it is down")) } else { Ok(shared) }
    }
}

impl Store for Simulated {
    fn publish(&mut self, report: &[u8]) -> Result<(), StoreError> {
        let mut shared = self.up()?;
        let now = shared.now;
        shared.feed.push((now, self.instance.clone(), report.to_vec()));
        shared.last.insert(self.instance.clone(), (now, report.to_vec()));
        Ok(())
    }

    fn beat(&mut self, group: &str, within: Duration) -> Result<Pulse, StoreError> {
        let mut shared = self.up()?;
        let now = shared.now;
        let key = (group.to_owned(), self.instance.clone());
        let before = shared.beats.insert(key, now);
        let is_alive = |(it, at): (&(String, String), &Duration)| {
            it.0 == group && now.saturating_sub(*at) <= within
        };
        let alive = shared.beats.iter().filter(|it| is_alive(*it)).count();
        drop(shared);
        let has_namesake = self.beaten.is_some_and(|own| before > Some(own));
        self.beaten = Some(now);
        Ok(Pulse { alive: u32::try_from(alive).unwrap_or(u32::MAX), has_namesake })
    }

    fn beats(&mut self) -> Result<Vec<Beat>, StoreError> {
        let shared = self.up()?;
        let now = shared.now;
        let all = shared.beats.iter().map(|((group, instance), at)| Beat {
            instance: instance.clone(),
            group: group.clone(),
            age: now.saturating_sub(*at),
        });
        Ok(all.collect())
    }

    fn news(&mut self, _: Duration) -> Result<Vec<News>, StoreError> {
        let shared = self.up()?;
        let now = shared.now;
        let news = shared.feed[self.read..].iter().map(|(at, instance, bytes)| News {
            instance: instance.clone(),
            bytes: bytes.clone(),
            age: now.saturating_sub(*at),
        });
        let (news, read) = (news.collect(), shared.feed.len());
        drop(shared);
        self.read = read;
        Ok(news)
    }

    fn everything(&mut self) -> Result<Vec<News>, StoreError> {
        let shared = self.up()?;
        let now = shared.now;
        let all = shared.last.iter().map(|(instance, (at, bytes))| News {
            instance: instance.clone(),
            bytes: bytes.clone(),
            age: now.saturating_sub(*at),
        });
        Ok(all.collect())
    }

    fn lease(&mut self, breaker: &str, lasts: Duration) -> Result<bool, StoreError> {
        let mut shared = self.up()?;
        let now = shared.now;
        if shared.leases.get(breaker).is_some_and(|until| *until > now) {
            return Ok(false);
        }
        shared.leases.insert(breaker.to_owned(), now + lasts);
        Ok(true)
    }

    fn draw(
        &mut self,
        quota: &str,
        cells: u64,
        most: u64,
        part: Duration,
    ) -> Result<u64, StoreError> {
        let mut shared = self.up()?;
        let now = shared.now;
        let (taken, over) = shared.drawn.entry(quota.to_owned()).or_default();
        if *over <= now {
            (*taken, *over) = (0, now + part);
        }
        let left = cells.min(most.saturating_sub(*taken));
        *taken += cells;
        Ok(left)
    }

    fn orders(&mut self) -> Result<Vec<Vec<u8>>, StoreError> {
        Ok(self.up()?.orders.values().cloned().collect())
    }

    fn give(&mut self, order: &SignedOrder) -> Result<(), StoreError> {
        let mut shared = self.up()?;
        shared.orders.insert(order.order().subject(), order.encode());
        shared.order_log.push(order.encode());
        Ok(())
    }

    fn order_log(&mut self, most: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        let shared = self.up()?;
        Ok(shared.order_log[shared.order_log.len().saturating_sub(most)..].to_vec())
    }
}
