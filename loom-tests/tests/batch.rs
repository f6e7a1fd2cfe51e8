//! Model M18: a batch is one step: nobody sees half of it, and a forced state comes
//! before it or after.

use fusebox::{BreakerConfig, Outcome, planted::Defect};
use loom::thread;
use loom_tests::{breaker, catches, check, claim};

fn a_batch_against_a_forced_state() {
    let (breaker, _) = breaker(BreakerConfig::new().failure_threshold(9));
    let batch = breaker.acquire_many(2).expect("admitted");
    let other = {
        let breaker = breaker.clone();
        thread::spawn(move || {
            let score = breaker.snapshot().score;
            claim!(score != 1, "half of a batch was seen");
            breaker.close();
        })
    };
    batch.report_all(&[Outcome::Failure; 2]);
    other.join().unwrap();
    let score = breaker.snapshot().score;
    claim!(score == 0, "a score of {score} is left of before it was closed");
}

#[test]
fn a_batch_is_one_step() {
    check(a_batch_against_a_forced_state);
}

#[test]
fn a_batch_in_many_steps_is_caught() {
    catches(Defect::BatchInSteps, a_batch_against_a_forced_state);
}

#[test]
fn a_batch_of_before_a_forced_state_is_caught() {
    catches(Defect::NoGenerationCheck, a_batch_against_a_forced_state);
}
