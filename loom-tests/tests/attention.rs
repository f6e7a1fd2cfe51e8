//! Model M15: attention that is asked for while a success takes a score away is not
//! lost.

use std::time::Duration;

use fusebox::{BreakerConfig, planted::Defect};
use loom::thread;
use loom_tests::{breaker, catches, check, claim, fail, settings};

const LIMIT: Duration = Duration::from_millis(10);

fn a_limit_is_set_while_a_success_reports() {
    let (breaker, clock) = breaker(BreakerConfig::new());
    let success = breaker.try_acquire().expect("admitted");
    fail(&breaker);
    let other = {
        let breaker = breaker.clone();
        thread::spawn(move || breaker.set_settings(settings(BreakerConfig::new().slow_call(LIMIT))))
    };
    success.success();
    other.join().unwrap();
    claim!(breaker.snapshot().score == 0, "the success came last");
    let call = breaker.try_acquire().expect("admitted");
    clock.advance(LIMIT * 2);
    call.success();
    claim!(breaker.snapshot().score == 1, "a slow call was not seen");
}

#[test]
fn attention_is_not_lost() {
    check(a_limit_is_set_while_a_success_reports);
}

#[test]
fn attention_that_a_success_takes_away_is_caught() {
    catches(Defect::AttentionLost, a_limit_is_set_while_a_success_reports);
}
