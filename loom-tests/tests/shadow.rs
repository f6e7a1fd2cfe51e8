//! Model M34: of racing calls that are shown to a shadow none is lost, and the live breaker is
//! left alone.

use fusebox::{BreakerConfig, State, planted::Defect};
use loom::thread;
use loom_tests::{breaker, catches, check, claim, fail, settings};

/// Two calls fail at a time: the shadow opens at the second, once, and the breaker itself
/// has both as its score.
fn two_failures_are_shown() {
    let (breaker, _clock) = breaker(BreakerConfig::new().failure_threshold(3));
    let stricter = settings(BreakerConfig::new().failure_threshold(2));
    breaker.set_shadow(Some(stricter)).expect("it neither ramps nor sheds");
    let racer = {
        let breaker = breaker.clone();
        thread::spawn(move || fail(&breaker))
    };
    fail(&breaker);
    racer.join().unwrap();
    let shadow = breaker.shadow().expect("it was set");
    claim!(
        shadow.snapshot.state == State::Open && shadow.openings == 1,
        "two failures left the shadow at {shadow:?}"
    );
    claim!(shadow.passed + shadow.saved == 2, "of two failures are left {shadow:?}");
    let own = breaker.snapshot();
    claim!(
        own.state == State::Closed && own.score == 2 && own.generation == 0,
        "the live breaker has {own:?}"
    );
}

#[test]
fn of_racing_calls_that_are_shown_none_is_lost() {
    check(two_failures_are_shown);
}

#[test]
fn a_shadow_stepped_by_a_store_is_caught() {
    catches(Defect::ShadowSteppedByStore, two_failures_are_shown);
}
