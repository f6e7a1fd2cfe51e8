//! Instances in threads of this process, each with breakers of its own.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use fusebox::{BreakerConfig, BreakerSettings, CircuitBreaker};
use fusebox_fleet::{Fleet, FleetConfig, FleetEvent, RedisSettings, RedisStore};

use crate::eventually;

/// One instance.
pub(crate) struct Hand {
    pub(crate) name: String,
    pub(crate) fleet: Fleet,
    /// In front of a service that fails.
    pub(crate) shop: &'static CircuitBreaker,
    /// In front of one that never does.
    pub(crate) bank: &'static CircuitBreaker,
    events: Arc<Mutex<Vec<FleetEvent>>>,
}

pub(crate) fn settings() -> BreakerSettings {
    BreakerConfig::new().failure_threshold(5).recovery_timeout(Duration::from_mins(1)).build()
}

impl Hand {
    pub(crate) fn new(url: &str, name: &str) -> Self {
        Self::with(url, name, settings())
    }

    pub(crate) fn with(url: &str, name: &str, settings: BreakerSettings) -> Self {
        let config = FleetConfig::new(name).namespace("test").quorum(2).build().unwrap();
        let redis = RedisSettings::new(url, &config).unwrap();
        Self::of(config, redis, settings)
    }

    pub(crate) fn of(config: FleetConfig, redis: RedisSettings, settings: BreakerSettings) -> Self {
        let breaker = |name| Box::leak(Box::new(CircuitBreaker::named(name, settings)));
        let (shop, bank): (&CircuitBreaker, &CircuitBreaker) = (breaker("shop"), breaker("bank"));
        let name = config.instance().to_owned();
        let events = Arc::new(Mutex::new(Vec::new()));
        let tell = events.clone();
        let fleet = Fleet::spawn(
            config,
            move || RedisStore::connect(&redis),
            move || [shop, bank],
            move |event| {
                println!("{event}");
                tell.lock().unwrap().push(event);
            },
        );
        Self { name, fleet: fleet.unwrap(), shop, bank, events }
    }

    pub(crate) fn fail(&self, times: usize) {
        for _ in 0..times {
            let _ = self.shop.call(|| Err::<(), _>("down"));
        }
    }

    pub(crate) fn is_primed(&self) -> bool {
        self.shop.advice().is_some_and(|advice| advice.primed)
    }

    pub(crate) fn events(&self) -> Vec<FleetEvent> {
        self.events.lock().unwrap().clone()
    }

    pub(crate) fn count(&self, is: impl Fn(&FleetEvent) -> bool) -> usize {
        self.events().iter().filter(|event| is(event)).count()
    }
}

/// So many instances, which know of each other.
pub(crate) fn crew(url: &str, count: u32) -> Vec<Hand> {
    let hands: Vec<_> = (0..count).map(|i| Hand::new(url, &format!("host-{i}"))).collect();
    all_see(&hands);
    hands
}

#[track_caller]
pub(crate) fn all_see(hands: &[Hand]) {
    eventually("all see all", || {
        let alive = u32::try_from(hands.len()).unwrap();
        hands.iter().all(|it| it.fleet.status().connected && it.fleet.status().alive == alive)
    });
}

/// What one half sees primes the other half; it says how long that took. Then all is well
/// again.
#[track_caller]
pub(crate) fn share_an_outage(hands: &[Hand]) -> Duration {
    let (first, second) = hands.split_at(hands.len() / 2);
    for hand in second {
        hand.fail(1);
    }
    for hand in first {
        hand.fail(2);
    }
    let took = eventually("the others are primed", || second.iter().all(Hand::is_primed));
    for hand in hands {
        hand.shop.reset();
    }
    eventually("none is primed", || !hands.iter().any(Hand::is_primed));
    took
}
