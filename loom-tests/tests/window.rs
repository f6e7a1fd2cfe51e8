//! Model M16: of the last calls none is lost, and as long as one of them failed, the
//! breaker looks at the next.

use fusebox::{BreakerConfig, planted::Defect};
use loom::thread;
use loom_tests::{breaker, catches, check, claim, fail};

/// The last failure is about to leave the window when another comes.
fn a_failure_while_the_last_one_leaves() {
    let (breaker, _) = breaker(BreakerConfig::new().failure_threshold(2).window(2));
    fail(&breaker);
    let succeed = || breaker.try_acquire().expect("admitted").success();
    succeed();
    let success = breaker.try_acquire().expect("admitted");
    let other = {
        let breaker = breaker.clone();
        thread::spawn(move || fail(&breaker))
    };
    success.success();
    other.join().unwrap();
    let failures = breaker.snapshot().score;
    claim!(failures == 1, "{failures} of the last two calls failed");
    succeed();
    succeed();
    let failures = breaker.snapshot().score;
    claim!(failures == 0, "the last two calls were not looked at");
}

#[test]
fn of_the_last_calls_none_is_lost() {
    check(a_failure_while_the_last_one_leaves);
}

#[test]
fn a_call_that_is_lost_is_caught() {
    catches(Defect::LostCallOfWindow, a_failure_while_the_last_one_leaves);
}

#[test]
fn attention_that_goes_with_the_last_failure_is_caught() {
    catches(Defect::WindowNotLookedAtAgain, a_failure_while_the_last_one_leaves);
}
