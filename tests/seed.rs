//! What the seed of the process decides: the jitter of recoveries (B18) and of
//! retries (R10). A process has one seed, so these tests take turns.

mod common;

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use common::{TIMEOUT, config};
use fusebox::{
    Backoff, BackoffConfig, CircuitBreaker, DefaultObserver, ManualClock, Registry, set_seed,
};

type Breaker<'a> = CircuitBreaker<&'a ManualClock, DefaultObserver>;

static TURN: Mutex<()> = Mutex::new(());

/// As long as the guard lives, no other test sets the seed.
fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// How long a breaker waits after an opening, jitter and all.
fn wait(breaker: &Breaker<'_>) -> Duration {
    breaker.close();
    breaker.try_acquire().unwrap().failure();
    breaker.try_acquire().map(drop).unwrap_err().retry_after().unwrap()
}

fn settings() -> fusebox::BreakerSettings {
    config().failure_threshold(1).recovery_jitter(100).build()
}

/// The wait of each breaker in a registry that was made and seeded anew.
fn waits_by_name(seed: u64) -> Vec<Duration> {
    set_seed(seed);
    let clock = ManualClock::new();
    let panel: Registry<64, &ManualClock, DefaultObserver> =
        Registry::with(&&clock, &DefaultObserver);
    (0..32)
        .map(|n| wait(panel.get_or_register(&*format!("backend {n}"), settings()).unwrap()))
        .collect()
}

/// Of 32 draws among ten thousand one pair in twenty runs is the same, and five
/// pairs once in a hundred million.
fn all_differ(draws: impl IntoIterator<Item = Duration>) -> bool {
    draws.into_iter().collect::<HashSet<_>>().len() >= 28
}

/// Seeds whose bits are few, many and in between: neither they nor the names
/// may drown the other.
const SEEDS: [u64; 5] = [1, 2, 0x5EED, 0x0123_4567_89AB_CDEF, u64::MAX];

#[test]
fn b18_each_name_has_its_own_wait_whatever_the_seed() {
    let _turn = turn();
    for seed in SEEDS {
        let waits = waits_by_name(seed);
        assert!(waits.iter().all(|wait| (TIMEOUT..=2 * TIMEOUT).contains(wait)));
        assert!(all_differ(waits), "under seed {seed:#x}");
    }
}

#[test]
fn b18_each_process_has_its_own_wait_for_a_name() {
    let _turn = turn();
    let by_seed: Vec<_> = (1..=32).map(waits_by_name).collect();
    for name in 0..32 {
        assert!(all_differ(by_seed.iter().map(|waits| waits[name])), "backend {name}");
    }
}

#[test]
fn b18_a_seed_repeats_the_waits_of_names() {
    let _turn = turn();
    for seed in SEEDS {
        assert_eq!(waits_by_name(seed), waits_by_name(seed));
    }
    assert_eq!(waits_by_name(0), waits_by_name(1), "0 is a seed like 1, and not \"none\"");
}

#[test]
fn b18_breakers_outside_of_a_registry_have_their_own_waits() {
    let _turn = turn();
    let clock = ManualClock::new();
    for seed in SEEDS {
        set_seed(seed);
        let breakers: Vec<_> = (0..32)
            .map(|_| CircuitBreaker::with(None, settings(), &clock, DefaultObserver))
            .collect();
        assert!(all_differ(breakers.iter().map(wait)), "under seed {seed:#x}");
    }
}

/// Wherever in memory they lie, and whether in a registry or not.
#[test]
fn b18_one_name_has_one_wait() {
    let _turn = turn();
    let clock = ManualClock::new();
    let in_registry = waits_by_name(1);
    let owned = |n: usize| {
        let name = fusebox::Name::new(&format!("backend {n}"));
        Box::new(CircuitBreaker::with(Some(name), settings(), &clock, DefaultObserver))
    };
    let breakers: Vec<_> = (0..32).map(owned).collect();
    assert!(breakers.iter().map(|it| wait(it)).eq(in_registry));
}

#[test]
fn r10_the_next_sequence_is_another_one() {
    let _turn = turn();
    let backoff = BackoffConfig::new().build();
    let first = |backoff: Backoff| backoff.into_iter().next().unwrap();
    for seed in SEEDS {
        set_seed(seed);
        assert!(all_differ((0..32).map(|_| first(backoff))), "under seed {seed:#x}");
    }
}
