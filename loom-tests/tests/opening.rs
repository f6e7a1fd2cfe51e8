//! Model M1: racing failures open a breaker exactly once.

use fusebox::{BreakerConfig, State, Verdict, planted::Defect};
use loom::thread;
use loom_tests::{breaker, catches, check, claim};

/// Three failures, two of which are enough.
fn three_failures() {
    let (breaker, _) = breaker(BreakerConfig::new().failure_threshold(2));
    let report = |breaker: loom::sync::Arc<loom_tests::Breaker>| {
        // Whoever comes after the opening is turned away, or was admitted
        // before it and is stale.
        breaker.try_acquire().map(fusebox::Permit::failure)
    };
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let breaker = breaker.clone();
            thread::spawn(move || report(breaker))
        })
        .collect();
    let mut verdicts = vec![report(breaker.clone())];
    verdicts.extend(threads.into_iter().map(|thread| thread.join().unwrap()));

    let recorded = verdicts.iter().filter(|verdict| **verdict == Ok(Verdict::Recorded)).count();
    let openings = breaker.observer().count();
    claim!(breaker.state() == State::Open, "two failures open; it is {}", breaker.state());
    claim!(recorded == 2, "the opening takes two failures, and {recorded} were recorded");
    claim!(openings == 1, "one opening is one event, and there were {openings}");
    claim!(breaker.snapshot().generation == 1, "one change of state");
}

#[test]
fn racing_failures_open_exactly_once() {
    check(three_failures);
}

#[test]
fn a_lost_update_is_caught() {
    catches(Defect::LostUpdate, three_failures);
}
