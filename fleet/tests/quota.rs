//! A limit of a rate for a whole fleet, in virtual time.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use fusebox::{Clock, DefaultObserver, Name, Tick};
use fusebox_fleet::{FleetQuota, QuotaConfig, QuotaSettings, Share, Simulated, Store};

/// A clock that its copies share.
#[derive(Clone, Copy)]
struct Time(&'static AtomicU64);

impl Clock for Time {
    fn now(&self) -> Tick {
        Tick::from_millis(self.0.load(Ordering::Relaxed))
    }
}

struct Instance {
    quota: FleetQuota<Time>,
    store: Simulated,
    /// Calls in a turn.
    wants: u64,
    admitted: u64,
}

struct World {
    time: Time,
    store: Simulated,
    instances: Vec<Instance>,
    /// What all were admitted, in each turn.
    admitted: Vec<u64>,
}

const TURN: u64 = 50;

impl World {
    fn new(settings: QuotaSettings, wants: &[u64]) -> Self {
        let time = Time(Box::leak(Box::default()));
        time.0.store(1_000_000, Ordering::Relaxed);
        let store = Simulated::new();
        let instance = |(number, wants): (usize, &u64)| Instance {
            quota: FleetQuota::with(Name::new("shop"), settings, time, DefaultObserver),
            store: store.of(format!("i{number}")),
            wants: *wants,
            admitted: 0,
        };
        let instances = wants.iter().enumerate().map(instance).collect();
        Self { time, store, instances, admitted: Vec::new() }
    }

    /// So many turns of 50 ms; each instance's calls come in the middle of its turn.
    fn run(&mut self, turns: usize) -> u64 {
        let alive = self.instances.len();
        let before: u64 = self.admitted.iter().sum();
        for turn in 0..turns {
            let mut admitted = 0;
            for at in 0..alive {
                // Another is the first each time.
                let instance = &mut self.instances[(at + turn) % alive];
                let _ = instance.quota.renew(&mut instance.store, u32::try_from(alive).unwrap());
                let mine = (0..instance.wants).filter(|_| instance.quota.try_acquire().is_ok());
                let mine = mine.count() as u64;
                instance.admitted += mine;
                admitted += mine;
            }
            self.admitted.push(admitted);
            self.time.0.fetch_add(TURN, Ordering::Relaxed);
            self.store.advance(Duration::from_millis(TURN));
        }
        self.admitted.iter().sum::<u64>() - before
    }

    /// The most that any time of so many turns was admitted.
    fn most_in(&self, turns: usize) -> u64 {
        self.admitted.windows(turns).map(|it| it.iter().sum()).max().unwrap_or(0)
    }
}

#[test]
fn a_fleet_that_wants_too_much_has_its_quota_and_no_more() {
    let mut world = World::new(QuotaConfig::per_second(1_000).build(), &[25; 20]);
    let admitted = world.run(20 * 60);
    println!("{admitted} of 60000 in a minute, of 600000 that were wanted");
    assert!(admitted > 54_000, "{admitted}");
    // 1000 a second and two parts of four.
    for seconds in [1, 2, 10] {
        let most = world.most_in(20 * seconds);
        assert!(most <= 1_000 * seconds as u64 + 500, "{most} in {seconds} s");
    }
    let each = world.instances.iter().map(|it| it.admitted);
    let (least, most) = (each.clone().min().unwrap(), each.max().unwrap());
    println!("each from {least} to {most}");
    assert!(least * 2 > most, "{least} to {most}");
}

#[test]
fn a_fleet_that_wants_less_is_not_held_up() {
    // 400 a second, of which one instance wants 300.
    let mut wants = vec![1; 6];
    wants.push(15);
    let mut world = World::new(QuotaConfig::per_second(1_000).build(), &wants);
    world.run(20); // until the leases know
    let admitted = world.run(20 * 10);
    let wanted = 21 * 20 * 10;
    println!("{admitted} of {wanted}");
    assert_eq!(admitted, wanted);
}

#[test]
fn one_who_needs_much_gets_what_others_leave() {
    let mut wants = vec![0; 9];
    wants.push(45);
    let mut world = World::new(QuotaConfig::per_second(1_000).build(), &wants);
    world.run(20);
    let admitted = world.run(20 * 10);
    println!("{admitted} of {}", 45 * 20 * 10);
    assert!(admitted >= 8_500, "{admitted} of 9000");
}

#[test]
fn without_the_store_the_fleet_has_its_share_and_not_the_quota_of_each() {
    let quota = QuotaConfig::per_second(1_000).alone(50).build();
    let mut world = World::new(quota, &[25; 20]);
    world.run(20 * 10);
    assert!(world.instances.iter().all(|it| it.quota.is_leased()));
    world.store.set_down(true);
    world.run(21); // a lease counts for a second
    assert!(world.instances.iter().all(|it| !it.quota.is_leased()));
    let alone = world.run(20 * 10);
    println!("{alone} of 10000 in 10 s without the store");
    assert!((4_500..=5_000 + 5 * 20).contains(&alone), "{alone}");
    world.store.set_down(false);
    world.run(2);
    assert!(world.instances.iter().all(|it| it.quota.is_leased()));
    let again = world.run(20 * 10);
    assert!(again > 9_000, "{again}");
}

#[test]
fn who_never_reached_the_store_has_a_part_of_the_expected_fleet() {
    let quota = QuotaConfig::per_second(1_000).alone(40).instances(100).build();
    let mut world = World::new(quota, &[25; 3]);
    world.store.set_down(true);
    let alone = world.run(20 * 10);
    // 1000 * 40 % / 100 a second each.
    assert!((3 * 36..=3 * 41).contains(&alone), "{alone}");
}

#[test]
fn a_flush_gives_one_part_of_the_time_again() {
    let mut world = World::new(QuotaConfig::per_second(1_000).build(), &[25; 20]);
    world.run(20);
    world.store.flush();
    world.run(40);
    let most = world.most_in(20);
    assert!(most <= 1_750, "{most}");
}

#[test]
fn few_calls_in_a_long_time() {
    let quota = QuotaConfig::per(3, Duration::from_secs(30)).build();
    let mut world = World::new(quota, &[1; 5]);
    let admitted = world.run(20 * 300);
    println!("{admitted} of 30 in 300 s");
    assert!((20..=32).contains(&admitted), "{admitted}");
    assert!(world.most_in(20 * 30) <= 3 + 2);
}

#[test]
fn what_cannot_be_is_an_error_that_names_it() {
    let text = |config: QuotaConfig| config.try_build().unwrap_err().to_string();
    let second = QuotaConfig::per_second(1);
    assert_eq!(text(QuotaConfig::per_second(0)), "`calls` is 0, and must be from 1 to 10000000");
    assert_eq!(text(second.alone(101)), "`alone` is 101%, and must be from 1 to 100%");
    assert_eq!(text(second.instances(0)), "`instances` is 0, and must be from 1 to 65535");
    assert!(text(QuotaConfig::per(1, Duration::ZERO)).starts_with("`time` is 0ns"));
}

#[test]
fn a_store_that_fails_is_told() {
    let world = World::new(QuotaConfig::per_second(1_000).build(), &[1]);
    world.store.set_down(true);
    let mut store = world.store.of("i0");
    assert!(world.instances[0].quota.renew(&mut store, 1).is_err());
    assert!(store.draw("shop", 1, 1, Duration::from_secs(1)).is_err());
}
