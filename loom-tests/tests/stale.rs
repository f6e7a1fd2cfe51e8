//! Model M4: a stale outcome never changes the word.

use fusebox::{BreakerConfig, CircuitBreaker, State, Verdict, planted::Defect};
use loom::thread;
use loom_tests::{
    Breaker, Openings, TIMEOUT, TestClock, breaker, catches, check, claim, fail, lose_permit,
    settings,
};

/// A failure from before an opening and a closing.
fn late_failure() {
    let (breaker, _) = breaker(BreakerConfig::new().failure_threshold(3));
    let late = breaker.try_acquire().expect("admitted");
    let other = {
        let breaker = breaker.clone();
        thread::spawn(move || {
            breaker.force_open();
            breaker.close();
        })
    };
    late.failure();
    other.join().unwrap();
    let snapshot = breaker.snapshot();
    // Before the opening it is forgotten, after it it is stale.
    claim!(snapshot.state == State::Closed, "it stays closed");
    claim!(snapshot.score == 0, "a failure of generation 0 counts in no other");
    claim!(snapshot.generation == 2, "two changes of state");
}

/// A success from before the opening, while the first probe is under way.
fn late_success() {
    let clock = TestClock::default();
    let settings = settings(BreakerConfig::new().failure_threshold(1));
    // Leaked, so that the permit can move to the thread that reports it. It
    // must be that one: the spawning thread runs first, and loom looks for
    // other orders only from the last access before a conflicting one, so a
    // lone early load of it would stay early.
    let breaker: &'static Breaker = Box::leak(Box::new(CircuitBreaker::with(
        None,
        settings,
        clock.clone(),
        Openings::default(),
    )));
    let late = breaker.try_acquire().expect("admitted");
    fail(breaker);
    clock.advance(TIMEOUT);
    let other = thread::spawn(move || late.success());
    let admitted = lose_permit(breaker);
    let verdict = other.join().unwrap();
    claim!(admitted, "the probe is admitted");
    claim!(breaker.state() == State::HalfOpen, "only a probe closes; it is {}", breaker.state());
    claim!(breaker.snapshot().probes_in_flight == 1, "the probe is in flight");
    claim!(verdict == Verdict::Stale, "it says so");
}

#[test]
fn a_stale_outcome_changes_nothing() {
    check(late_failure);
    check(late_success);
}

#[test]
fn a_missing_generation_check_is_caught() {
    catches(Defect::NoGenerationCheck, late_failure);
    catches(Defect::NoGenerationCheck, late_success);
}
