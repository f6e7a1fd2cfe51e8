//! Models M27, M28 and M29: a breaker that lets calls back, or sheds load.

use std::time::Duration;

use fusebox::{BreakerConfig, CircuitBreaker, Outcome, Priority, State, planted::Defect};
use loom::thread;
use loom_tests::{
    Breaker, Openings, TIMEOUT, TestClock, breaker, catches, check, claim, due, lose_permit,
};

const UP: Duration = Duration::from_millis(400);

/// One call in a hundred is admitted at first.
fn ramping() -> BreakerConfig {
    BreakerConfig::new().ramp_up(UP).ramp_from(1)
}

fn a_caller_comes_while_the_breaker_closes() {
    let (breaker, _clock) = due(ramping());
    let probe = breaker.try_acquire().expect("it is due");
    let other = {
        let breaker = breaker.clone();
        thread::spawn(move || lose_permit(&breaker))
    };
    probe.success();
    let admitted = other.join().unwrap();
    claim!(breaker.state() == State::Closed, "the probe did not close it");
    claim!(!admitted, "a caller found the breaker closed, and no ramp");
    claim!(breaker.reading().ramp_left == Some(UP), "the ramp was lost");
}

fn a_new_ramp_begins_while_an_old_one_is_cleared() {
    let (breaker, clock) = due(ramping().failure_threshold(1));
    breaker.try_acquire().expect("it is due").success();
    clock.advance(UP);
    let permit = breaker.clone();
    let other = thread::spawn(move || {
        // It fails, opens, and closes again.
        permit.trip();
        clock.advance(TIMEOUT);
        if let Ok(probe) = permit.try_acquire() {
            probe.success();
        }
    });
    // It meets the old ramp, which is over, or the new one.
    let _ = breaker.try_acquire().map(fusebox::Permit::ignore);
    other.join().unwrap();
    if breaker.state() == State::Closed {
        claim!(breaker.reading().ramp_left.is_some(), "the new ramp was lost");
        claim!(!lose_permit(&breaker), "the new ramp admits all");
    }
}

fn a_failure_meets_a_caller_in_a_ramp() {
    let (breaker, _clock) = due(ramping().failure_threshold(1).ramp_from(50));
    breaker.try_acquire().expect("it is due").success();
    let first = std::iter::repeat_with(|| breaker.try_acquire()).find_map(Result::ok).unwrap();
    let other = {
        let breaker = breaker.clone();
        thread::spawn(move || lose_permit(&breaker))
    };
    first.failure();
    other.join().unwrap();
    let snapshot = breaker.snapshot();
    claim!(snapshot.state == State::Open, "a failure in a ramp was lost");
    claim!(snapshot.reopenings == 1, "it opened as if it had been well");
}

#[test]
fn a_ramp_is_there_when_the_breaker_is_closed() {
    check(a_caller_comes_while_the_breaker_closes);
    check(a_new_ramp_begins_while_an_old_one_is_cleared);
}

#[test]
fn a_ramp_after_closing_is_caught() {
    catches(Defect::RampAfterClosing, a_caller_comes_while_the_breaker_closes);
}

#[test]
fn a_gate_that_is_seen_late_is_caught() {
    catches(Defect::GateSeenLate, a_caller_comes_while_the_breaker_closes);
}

#[test]
fn a_ramp_that_is_cleared_by_a_store_is_caught() {
    catches(Defect::RampClearedByStore, a_new_ramp_begins_while_an_old_one_is_cleared);
}

/// The share that was shed has faded, and whoever comes clears it. Meanwhile a call tells
/// of overload.
fn overload_comes_while_an_older_one_is_cleared() {
    // Permits borrow from it, and threads want them for as long as they like.
    let clock = TestClock::default();
    let settings = BreakerConfig::new().failure_threshold(99).max_shed(99).build();
    let breaker = CircuitBreaker::with(None, settings, clock.clone(), Openings::default());
    let breaker: &'static Breaker = Box::leak(Box::new(breaker));
    let permit = breaker.try_acquire().expect("all is well");
    breaker.acquire_many(32).expect("all is well").report_all(&[Outcome::Overload; 32]);
    clock.advance(Duration::from_secs(60));
    let other = thread::spawn(move || permit.report(Outcome::Overload));
    let admitted = lose_permit(breaker);
    other.join().unwrap();
    claim!(admitted, "a share that has faded is shed");
    claim!(breaker.reading().admits_from.is_some(), "overload was lost");
    // Calls heed it: where all are answered for long enough, it is over.
    clock.advance(Duration::from_millis(256));
    breaker.acquire_many(32).expect("nothing is shed").report_all(&[Outcome::Success; 32]);
    claim!(breaker.reading().admits_from.is_none(), "nobody heeds it");
}

/// By hand the breaker is made well, and at that moment a call tells of overload again: the
/// gate becomes what it was.
fn overload_comes_again_while_it_is_closed_by_hand() {
    let (breaker, clock) = breaker(BreakerConfig::new().failure_threshold(99).max_shed(99));
    breaker.try_acquire().expect("all is well").report(Outcome::Overload);
    let other = {
        let breaker = breaker.clone();
        thread::spawn(move || {
            if let Ok(permit) = breaker.try_acquire() {
                permit.report(Outcome::Overload);
            }
        })
    };
    breaker.close();
    other.join().unwrap();
    clock.advance(Duration::from_millis(256));
    breaker.acquire_many(32).expect("nothing is shed").report_all(&[Outcome::Success; 32]);
    claim!(breaker.reading().admits_from.is_none(), "nobody heeds overload");
}

#[test]
fn overload_is_not_lost() {
    check(overload_comes_while_an_older_one_is_cleared);
    check(overload_comes_again_while_it_is_closed_by_hand);
}

#[test]
fn a_share_that_is_stored_is_caught() {
    catches(Defect::ShedByStore, overload_comes_while_an_older_one_is_cleared);
}

#[test]
fn a_gate_that_nobody_looks_at_again_is_caught() {
    catches(Defect::GateNotLookedAtAgain, overload_comes_again_while_it_is_closed_by_hand);
}

fn callers_meet_at_the_line() {
    let (breaker, _clock) = due(BreakerConfig::new().ramp_up(UP).ramp_from(50));
    breaker.try_acquire().expect("it is due").success();
    let low = {
        let breaker = breaker.clone();
        thread::spawn(move || breaker.try_acquire_as(Priority::SHEDDABLE).is_ok())
    };
    let two = {
        let breaker = breaker.clone();
        thread::spawn(move || (lose_permit(&breaker), lose_permit(&breaker)))
    };
    let own = (lose_permit(&breaker), lose_permit(&breaker));
    let (two, low) = (two.join().unwrap(), low.join().unwrap());
    let admitted = [own.0, own.1, two.0, two.1].iter().filter(|it| **it).count();
    claim!(admitted == 2, "of four calls {admitted} were admitted");
    claim!(!low, "one of a lower class was admitted before them");
}

#[test]
fn of_callers_at_the_line_a_share_is_admitted() {
    check(callers_meet_at_the_line);
}

#[test]
fn turns_that_are_taken_by_a_store_are_caught() {
    catches(Defect::AddedByStore, callers_meet_at_the_line);
}

#[test]
fn a_failure_in_a_ramp_opens_again() {
    check(a_failure_meets_a_caller_in_a_ramp);
}
