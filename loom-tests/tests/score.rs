//! Model M14: racing reports on a score add up, in some order.

use fusebox::{BreakerConfig, State, planted::Defect};
use loom::thread;
use loom_tests::{breaker, catches, check, claim, fail};

/// Two failures of weight 4, and a success.
fn two_failures_and_a_success() {
    let (breaker, _) = breaker(BreakerConfig::new().failure_weight(4).failure_threshold(20));
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
    // The success takes 1 off, unless it came first.
    let score = breaker.snapshot().score;
    claim!(matches!(score, 7 | 8), "no order explains a score of {score}");
    claim!(breaker.state() == State::Closed, "8 do not reach 20");
}

#[test]
fn reports_on_a_score_add_up() {
    check(two_failures_and_a_success);
}

#[test]
fn a_lost_report_is_caught() {
    catches(Defect::LostUpdate, two_failures_and_a_success);
}
