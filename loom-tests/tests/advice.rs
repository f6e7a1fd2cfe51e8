//! Model M20: advice is not lost, whoever forgets older advice meanwhile.

use std::time::Duration;

use fusebox::{Advice, BreakerConfig, State, planted::Defect};
use loom::thread;
use loom_tests::{breaker, catches, check, claim, fail};

const PRIMED: Advice = Advice {
    primed: true,
    probed_elsewhere: false,
    instances: 3,
    failures: 6,
    lasts: Duration::from_millis(100),
};

fn advice_is_given_while_older_advice_is_forgotten() {
    let (breaker, clock) = breaker(BreakerConfig::new().failure_threshold(9));
    breaker.advise(Some(PRIMED));
    clock.advance(PRIMED.lasts);
    let other = {
        let breaker = breaker.clone();
        thread::spawn(move || breaker.advise(Some(PRIMED)))
    };
    // It meets the old advice, which has ended, or the new.
    fail(&breaker);
    other.join().unwrap();
    if breaker.state() == State::Closed {
        fail(&breaker);
    }
    claim!(breaker.state() == State::Open, "advice was lost");
}

#[test]
fn advice_is_not_lost() {
    check(advice_is_given_while_older_advice_is_forgotten);
}

#[test]
fn advice_that_is_cleared_by_a_store_is_caught() {
    catches(Defect::AdviceClearedByStore, advice_is_given_while_older_advice_is_forgotten);
}
