//! Who probes a service that stays down.

use std::time::Duration;

use fusebox::{BreakerConfig, BreakerSettings};
use fusebox_fleet::{Obedience, Simulated};

use crate::fleet::{Calls, Sharing, parallel};

/// A recovery timeout, in milliseconds.
const TIMEOUT: u64 = 5_000;
/// The service is down for so many: fewer than an instance that is always refused waits.
const TIMEOUTS: u64 = 6;

const SETTINGS: BreakerSettings = BreakerConfig::new()
    .failure_threshold(5)
    .recovery_timeout(Duration::from_millis(TIMEOUT))
    .recovery_jitter(20)
    .build();

/// Where instances ask who probes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// Nowhere: nothing is shared.
    None,
    /// A store that does not answer.
    Down,
    /// A store that does.
    Up,
}

/// The probes of a fleet while a service is down.
#[derive(Debug, Clone, PartialEq)]
pub struct Probing {
    /// Calls a second of each instance.
    pub per_second: f64,
    /// Where they ask who probes.
    pub store: Store,
    /// The most probes in any span of a recovery timeout.
    pub most: usize,
    /// The mean of a recovery timeout.
    pub mean: f64,
}

impl Probing {
    /// All breakers of so many instances opened within a second, and each probe fails.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // some thousand
    pub fn run(instances: usize, per_second: f64, store: Store, seed: u64) -> Self {
        let mut world = Sharing::Failures(Obedience::Advise).world(instances, SETTINGS, seed);
        // A probe that fails is no news.
        world.listeners = 0;
        if store != Store::None {
            let leases = Simulated::new();
            leases.set_down(store == Store::Down);
            world.leases = Some(leases);
        }
        world.run(1_000, |world| {
            let some = usize::try_from(world.now).unwrap_or(usize::MAX);
            let due = (some * instances / 1_000)..((some + 1) * instances / 1_000);
            world.all[due].iter().for_each(|it| it.breakers[0].trip());
        });
        let from = world.now;
        let (mut calls, mut probes) = (Calls::new(instances, per_second, from, seed), Vec::new());
        while world.now < from + TIMEOUT * TIMEOUTS {
            while let Some(number) = calls.next(world.now) {
                if world.call(number, 0, false) {
                    probes.push(world.now);
                }
            }
            world.step();
        }
        let span = |at: &u64| *at..*at + TIMEOUT;
        let within = |at| probes.partition_point(|it| *it < span(at).end);
        let most = probes.iter().enumerate().map(|(first, at)| within(at) - first).max();
        let mean = probes.len() as f64 / TIMEOUTS as f64;
        Self { per_second, store, most: most.unwrap_or_default(), mean }
    }
}

/// Two rates, and all three stores.
pub(super) fn all(instances: usize) -> Vec<Probing> {
    let stores = [Store::None, Store::Down, Store::Up];
    let jobs: Vec<_> =
        [1.0, 10.0].into_iter().flat_map(|rate| stores.map(|store| (rate, store))).collect();
    parallel::all(&jobs, |&(rate, store)| Probing::run(instances, rate, store, 1))
}
