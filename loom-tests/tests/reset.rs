//! Model M5: a success's reset racing with failures ends in a state that some
//! sequential order explains.

use fusebox::{BreakerConfig, State, Verdict, planted::Defect};
use loom::thread;
use loom_tests::{breaker, catches, check, check_in_sequence, claim, fail};

/// One failure is counted already; the next opens.
fn success_against_failure() {
    let (breaker, _) = breaker(BreakerConfig::new().failure_threshold(2));
    let success = breaker.try_acquire().expect("admitted");
    fail(&breaker);
    let other = {
        let breaker = breaker.clone();
        thread::spawn(move || breaker.try_acquire().map(fusebox::Permit::failure))
    };
    let success = success.success();
    let failure = other.join().unwrap();
    let snapshot = breaker.snapshot();
    let end = (snapshot.state, snapshot.score, success, failure);
    let recorded = Ok(Verdict::Recorded);
    let failure_first = (State::Open, 0, Verdict::Stale, recorded);
    let success_first = (State::Closed, 1, Verdict::Recorded, recorded);
    claim!(end == failure_first || end == success_first, "no order explains {end:?}");
}

/// Two failures, none of which is enough, and a success.
fn success_against_two_failures() {
    let (breaker, _) = breaker(BreakerConfig::new().failure_threshold(3));
    let success = breaker.try_acquire().expect("admitted");
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let breaker = breaker.clone();
            thread::spawn(move || fail(&breaker))
        })
        .collect();
    success.success();
    for thread in threads {
        thread.join().unwrap();
    }
    // 0, 1 or 2 failures come after the success.
    let count = breaker.snapshot().score;
    claim!(count <= 2, "no order explains a count of {count}");
    claim!(breaker.state() == State::Closed, "two failures do not open");
}

/// A call that was admitted on a healthy breaker and ends after a failure.
fn success_after_failure() {
    let (breaker, _) = breaker(BreakerConfig::new());
    let success = breaker.try_acquire().expect("admitted");
    let other = {
        let breaker = breaker.clone();
        thread::spawn(move || fail(&breaker))
    };
    other.join().unwrap();
    success.success();
    let count = breaker.snapshot().score;
    claim!(count == 0, "the success came last, and {count} failures are left");
}

#[test]
fn some_sequential_order_explains_a_reset() {
    check(success_against_failure);
    check(success_against_two_failures);
    check_in_sequence(success_after_failure);
}

#[test]
fn a_reset_that_is_a_plain_store_is_caught() {
    catches(Defect::ResetByStore, success_against_failure);
}

#[test]
fn a_success_judged_by_its_permit_is_caught() {
    catches(Defect::SuccessByPermit, success_after_failure);
}
