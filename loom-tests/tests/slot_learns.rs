//! Model M32: the words of what a breaker learns of its service.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use fusebox::{BreakerConfig, CircuitBreaker, Clock, Tick, planted::Defect};
use loom::{sync::Arc, thread};
use loom_tests::{Openings, breaker, catches, check, claim, due, settings};

/// Somebody asked for it.
const ASKED: u64 = 1 << 62;
/// What is known of the latency.
const LEVEL: u64 = (1 << 21) - 1;
/// Frozen by hand.
const FROZEN: u64 = 1 << 63;
/// Openings of which the first probe was seen.
const PROBED: u64 = 0b11 << 9;

/// Calls that were learned from, of the latency and of failures.
const CALLS: [u32; 2] = [21, 53];

/// Each reading is a later tick: of one tick, one call is learned from.
struct Ticking(AtomicU64);

impl Clock for Ticking {
    fn now(&self) -> Tick {
        Tick::from_millis(self.0.fetch_add(1, Ordering::SeqCst))
    }
}

fn two_calls_teach() {
    let settings = settings(BreakerConfig::new().slow_above(200));
    let (clock, openings) = (Ticking(AtomicU64::new(1_000)), Openings::default());
    let breaker = Arc::new(CircuitBreaker::with(None, settings, clock, openings));
    let teach = {
        let breaker = breaker.clone();
        move || {
            let permit = breaker.try_acquire().expect("it is closed");
            permit.success_after(Duration::from_millis(20));
        }
    };
    let other = thread::spawn(teach.clone());
    teach();
    other.join().unwrap();
    let [latency, past] = breaker.learned_words();
    let calls = [latency & ((1 << 42) - 1), past & !FROZEN];
    let calls = [calls[0] >> CALLS[0], calls[1] >> CALLS[1]];
    claim!(calls == [2, 2], "of two calls so many were learned from: {calls:?}");
}

fn a_call_teaches_while_somebody_freezes_it() {
    let (breaker, _clock) = breaker(BreakerConfig::new().slow_above(200));
    let permit = breaker.try_acquire().expect("it is closed");
    let other = {
        let breaker = breaker.clone();
        thread::spawn(move || breaker.set_learning(false))
    };
    permit.success_after(Duration::from_millis(20));
    other.join().unwrap();
    let [_, past] = breaker.learned_words();
    claim!(past & FROZEN != 0, "{past:x}");
}

fn a_call_teaches_while_somebody_asks() {
    let (breaker, _clock) = breaker(BreakerConfig::new().slow_above(200));
    let permit = breaker.try_acquire().expect("it is closed");
    let other = {
        let breaker = breaker.clone();
        thread::spawn(move || breaker.learn_latency(true))
    };
    permit.success_after(Duration::from_millis(20));
    other.join().unwrap();
    let [latency, _] = breaker.learned_words();
    claim!(latency & ASKED != 0 && latency & LEVEL != 0, "{latency:x}");
}

fn a_breaker_closes_while_somebody_freezes_it() {
    let (breaker, _clock) = due(BreakerConfig::new());
    let probe = breaker.try_acquire().expect("it is due");
    let other = {
        let breaker = breaker.clone();
        thread::spawn(move || breaker.set_learning(false))
    };
    probe.success();
    other.join().unwrap();
    let [_, past] = breaker.learned_words();
    claim!(past & FROZEN != 0, "{past:x}");
    // It was learned from once, or after the freezing not at all.
    claim!(past & PROBED == 0 || past & PROBED == 1 << 9, "{past:x}");
}

#[test]
fn what_is_learned_and_what_is_asked_are_not_lost() {
    check(two_calls_teach);
    check(a_call_teaches_while_somebody_freezes_it);
    check(a_call_teaches_while_somebody_asks);
    check(a_breaker_closes_while_somebody_freezes_it);
}

#[test]
fn its_checks_catch_torn_steps() {
    // Each step of a word is a load and a store then: no model mixes stores with steps.
    catches(Defect::LatencyByStore, two_calls_teach);
    catches(Defect::LatencyByStore, a_call_teaches_while_somebody_asks);
    catches(Defect::PastByStore, two_calls_teach);
    catches(Defect::PastByStore, a_call_teaches_while_somebody_freezes_it);
    catches(Defect::PastByStore, a_breaker_closes_while_somebody_freezes_it);
}
