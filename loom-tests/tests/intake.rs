//! Model M31: calls come into an intake while others end.

use std::time::Duration;

use fusebox::{DefaultObserver, Intake, IntakeConfig, Priority, planted::Defect};
use loom::{sync::Arc, thread};
use loom_tests::{TestClock, catches, check, claim};

const MS: Duration = Duration::from_millis(1);

type Api = Intake<TestClock, DefaultObserver>;

/// With one worker, calls of 10 ms, and so much room in line.
fn api(max_wait: Duration) -> (Arc<Api>, TestClock) {
    let clock = TestClock::default();
    let settings = IntakeConfig::new().max_wait(max_wait).build();
    let api = Intake::with(None, settings, clock.clone(), DefaultObserver);
    let work = api.enter(Priority::CRITICAL).and_then(|place| place.begin());
    clock.advance(10 * MS);
    drop(work.expect("nobody else is there"));
    (Arc::new(api), clock)
}

/// Two come while one is at work, and one may wait.
fn two_come_where_one_may_wait() {
    let (api, _clock) = api(10 * MS);
    let at_work = api.enter(Priority::CRITICAL).expect("a worker is free");
    let other = {
        let api = Arc::clone(&api);
        thread::spawn(move || api.enter(Priority::CRITICAL).map(core::mem::forget).is_ok())
    };
    let one = api.enter(Priority::CRITICAL).map(core::mem::forget).is_ok();
    let other = other.join().unwrap();
    claim!(one != other, "of one place in line, {} have it", u8::from(one) + u8::from(other));
    claim!(api.in_flight() == 2, "{} are in flight", api.in_flight());
    drop(at_work);
    claim!(api.in_flight() == 1, "a place is lost");
}

/// One comes and leaves the line while another one ends.
fn one_comes_while_another_ends() {
    let (api, clock) = api(40 * MS);
    let work = api.enter(Priority::CRITICAL).and_then(|place| place.begin());
    clock.advance(30 * MS);
    let other = {
        let api = Arc::clone(&api);
        thread::spawn(move || {
            let place = api.enter(Priority::CRITICAL).expect("there is room");
            let began = place.begin();
            claim!(api.in_flight() >= 1, "one that is at work is not counted");
            // Not measured, so that the mean is the other's.
            core::mem::forget(began);
        })
    };
    let third = {
        let api = Arc::clone(&api);
        thread::spawn(move || drop(api.enter(Priority::CRITICAL)))
    };
    drop(work);
    other.join().unwrap();
    third.join().unwrap();
    claim!(api.in_flight() == 1, "{} are in flight, and one should be", api.in_flight());
    let takes = api.reading().work_time;
    claim!(takes == Some(20 * MS), "an end is lost: a call takes {takes:?}");
}

/// Two calls end at a time, one of which has just come.
fn two_end() {
    let (api, clock) = api(40 * MS);
    let work = api.enter(Priority::CRITICAL).and_then(|place| place.begin());
    clock.advance(40 * MS);
    let other = {
        let api = Arc::clone(&api);
        thread::spawn(move || {
            let place = api.enter(Priority::CRITICAL);
            drop(place.and_then(|place| place.begin()));
        })
    };
    drop(work);
    other.join().unwrap();
    claim!(api.in_flight() == 0, "{} are in flight after all have ended", api.in_flight());
}

#[test]
fn no_place_in_line_is_lost_or_had_twice() {
    check(two_come_where_one_may_wait);
    check(one_comes_while_another_ends);
    check(two_end);
}

#[test]
fn a_call_that_comes_in_by_a_store_is_caught() {
    catches(Defect::EnteredByStore, two_come_where_one_may_wait);
    catches(Defect::EnteredByStore, one_comes_while_another_ends);
}

#[test]
fn a_call_that_ends_by_a_store_is_caught() {
    catches(Defect::EndedByStore, one_comes_while_another_ends);
    catches(Defect::EndedByStore, two_end);
}

#[test]
fn a_call_that_leaves_the_line_by_a_store_is_caught() {
    catches(Defect::SubtractedByStore, one_comes_while_another_ends);
}
