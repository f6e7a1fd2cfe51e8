//! Model M17: a call that hangs is charged once, be it found or ended first.

use std::time::Duration;

use fusebox::{BreakerConfig, planted::Defect};
use loom::thread;
use loom_tests::{breaker, catches, check, claim};

const LIMIT: Duration = Duration::from_millis(10);

fn it_ends_while_another_call_looks() {
    let (breaker, clock) = breaker(BreakerConfig::new().failure_threshold(9).slow_call(LIMIT));
    let hung = breaker.try_acquire().expect("admitted");
    clock.advance(LIMIT * 2);
    let other = {
        let breaker = breaker.clone();
        thread::spawn(move || drop(breaker.try_acquire()))
    };
    hung.success();
    other.join().unwrap();
    let score = breaker.snapshot().score;
    claim!(score == 1, "one slow call counted for {score}");
}

#[test]
fn a_hung_call_counts_once() {
    check(it_ends_while_another_call_looks);
}

#[test]
fn a_hung_call_that_counts_twice_is_caught() {
    catches(Defect::HungCallCountsTwice, it_ends_while_another_call_looks);
}
