//! Models M6 and M7: force, close, reset, disable and restamp against records.

use fusebox::{BreakerConfig, State, Verdict, planted::Defect};
use loom::thread;
use loom_tests::{Breaker, TIMEOUT, breaker, catches, check, claim, due};

/// A failure that opens the breaker, against somebody who forces a state.
fn against_failure(force: fn(&Breaker), forced: State) {
    let (breaker, _) = breaker(BreakerConfig::new().failure_threshold(1));
    let permit = breaker.try_acquire().expect("admitted");
    let other = {
        let breaker = breaker.clone();
        thread::spawn(move || force(&breaker))
    };
    let verdict = permit.failure();
    other.join().unwrap();
    let snapshot = breaker.snapshot();
    claim!(snapshot.state == forced, "what was forced holds; it is {}", snapshot.state);
    // Recorded before it (an opening, then the force), or stale after it.
    let end = (snapshot.generation, verdict);
    claim!(
        end == (2, Verdict::Recorded) || end == (1, Verdict::Stale),
        "no order explains {end:?}"
    );
}

fn force_open() {
    against_failure(Breaker::force_open, State::ForcedOpen);
}

fn close() {
    against_failure(Breaker::close, State::Closed);
}

fn disable() {
    against_failure(Breaker::disable, State::Disabled);
}

fn reset() {
    against_failure(Breaker::reset, State::Closed);
}

/// Two operators at once: both are counted as changes of state.
fn against_each_other() {
    let (breaker, _) = breaker(BreakerConfig::new());
    let other = {
        let breaker = breaker.clone();
        thread::spawn(move || breaker.force_open())
    };
    breaker.disable();
    other.join().unwrap();
    let snapshot = breaker.snapshot();
    claim!(snapshot.generation == 2, "two changes, and generation {}", snapshot.generation);
    claim!(
        matches!(snapshot.state, State::ForcedOpen | State::Disabled),
        "one of the two is last; it is {}",
        snapshot.state
    );
}

/// A file's clock begins anew while a probe reports: neither is lost.
fn restamp() {
    let (breaker, clock) = due(BreakerConfig::new());
    let probe = breaker.try_acquire().expect("admitted");
    clock.advance(TIMEOUT);
    let other = {
        let breaker = breaker.clone();
        thread::spawn(move || breaker.restamp())
    };
    let verdict = probe.success();
    other.join().unwrap();
    let snapshot = breaker.snapshot();
    claim!(
        (snapshot.state, verdict) == (State::Closed, Verdict::Recorded),
        "the probe closes it; it is {}",
        snapshot.state
    );
}

#[test]
fn a_clock_that_begins_anew_loses_no_report() {
    check(restamp);
    catches(Defect::LostUpdate, restamp);
}

#[test]
fn forced_states_race_safely_with_records() {
    check(force_open);
    check(close);
    check(disable);
    check(reset);
    check(against_each_other);
}

#[test]
fn a_force_that_keeps_the_generation_is_caught() {
    catches(Defect::ForceKeepsGeneration, force_open);
    catches(Defect::ForceKeepsGeneration, close);
    catches(Defect::ForceKeepsGeneration, disable);
    catches(Defect::ForceKeepsGeneration, reset);
}

#[test]
fn a_lost_force_is_caught() {
    catches(Defect::LostUpdate, close);
    catches(Defect::LostUpdate, against_each_other);
}
