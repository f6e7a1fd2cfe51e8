//! Model M33: a drill's plan against the calls that it drills.

use std::time::Duration;

use fusebox::{BreakerConfig, Drill, planted::Defect};
use loom::thread;
use loom_tests::{Breaker, TestClock, breaker, catches, check, check_bounded, claim};

fn drill(seconds: u64, fail: f64, seed: u32) -> Drill {
    Drill::lasting(Duration::from_secs(seconds)).fail(fail).seed(seed).uncapped().build()
}

fn shop() -> (loom::sync::Arc<Breaker>, TestClock) {
    breaker(BreakerConfig::new().failure_threshold(99))
}

/// Whether a drill fails a call.
fn is_drilled(breaker: &Breaker) -> bool {
    match breaker.try_acquire() {
        Ok(permit) => {
            permit.success();
            false
        }
        Err(rejected) => rejected.is_drill(),
    }
}

fn two_calls_meet_a_drill() {
    let (breaker, _clock) = shop();
    breaker.start_drill(drill(60, 100.0, 7));
    let other = {
        let breaker = breaker.clone();
        thread::spawn(move || is_drilled(&breaker))
    };
    let one = is_drilled(&breaker);
    let both = other.join().unwrap() && one;
    claim!(both, "a call was not drilled");
    let reading = breaker.drill().expect("it is under way");
    claim!(reading.calls == 2, "two calls had {} numbers", reading.calls);
    claim!(reading.faults == 2, "two faults count as {}", reading.faults);
}

/// The old drill is over, and whoever comes clears it. Meanwhile another one begins.
fn a_drill_begins_while_an_older_one_is_cleared() {
    let (breaker, clock) = shop();
    breaker.start_drill(drill(1, 100.0, 7));
    claim!(is_drilled(&breaker), "the first one does nothing");
    clock.advance(Duration::from_secs(1));
    let other = {
        let breaker = breaker.clone();
        thread::spawn(move || is_drilled(&breaker))
    };
    breaker.start_drill(drill(60, 100.0, 8));
    other.join().unwrap();
    claim!(breaker.drill().is_some(), "the new drill was lost");
    claim!(is_drilled(&breaker), "calls do not heed the new drill");
}

/// A reader comes while one drill takes another's place.
fn a_drill_takes_the_place_of_another() {
    let (breaker, _clock) = shop();
    let (old, new) = (drill(60, 10.0, 7), drill(30, 20.0, 8));
    breaker.start_drill(old);
    let other = {
        let breaker = breaker.clone();
        thread::spawn(move || breaker.drill().map(|it| it.drill))
    };
    breaker.start_drill(new);
    let seen = other.join().unwrap();
    claim!(seen.is_none_or(|it| it == old || it == new), "a mixture of two drills was seen");
    claim!(breaker.drill().map(|it| it.drill) == Some(new), "the new drill is not there");
}

#[test]
fn a_plan_and_its_calls_agree() {
    check_bounded(two_calls_meet_a_drill);
    check_bounded(a_drill_begins_while_an_older_one_is_cleared);
    check(a_drill_takes_the_place_of_another);
}

#[test]
fn a_number_that_is_given_twice_is_caught() {
    catches(Defect::AddedByStore, two_calls_meet_a_drill);
}

#[test]
fn a_fault_that_is_not_counted_is_caught() {
    catches(Defect::LostUpdate, two_calls_meet_a_drill);
}

#[test]
fn a_new_drill_that_is_cleared_with_the_old_one_is_caught() {
    catches(Defect::DrillEndedByStore, a_drill_begins_while_an_older_one_is_cleared);
}

#[test]
fn a_watch_that_nobody_looks_for_again_is_caught() {
    catches(Defect::WatchNotLookedAtAgain, a_drill_begins_while_an_older_one_is_cleared);
}

#[test]
fn words_of_two_drills_are_caught() {
    catches(Defect::TagsNotCompared, a_drill_takes_the_place_of_another);
}
