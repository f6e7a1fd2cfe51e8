//! Model M32: the words of what a breaker learns of its service.

use std::time::Duration;

use fusebox::{BreakerConfig, planted::Defect};
use loom::thread;
use loom_tests::{breaker, catches, check, claim, due};

/// Somebody asked for it.
const ASKED: u64 = 1 << 62;
/// What is known of the latency.
const LEVEL: u64 = (1 << 21) - 1;
/// Frozen by hand.
const FROZEN: u64 = 1 << 63;
/// Openings of which the first probe was seen.
const PROBED: u64 = 0b11 << 9;

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
    check(a_call_teaches_while_somebody_asks);
    check(a_breaker_closes_while_somebody_freezes_it);
}

#[test]
fn its_checks_catch_torn_steps() {
    catches(Defect::LatencyByStore, a_call_teaches_while_somebody_asks);
    catches(Defect::PastByStore, a_breaker_closes_while_somebody_freezes_it);
}
