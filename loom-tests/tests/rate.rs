//! Models M21 and M22: callers of a rate limit take no call twice, and what one gives
//! back is neither lost nor had twice.

use std::time::Duration;

use fusebox::{DefaultObserver, RateConfig, RateLimit, planted::Defect};
use loom::{sync::Arc, thread};
use loom_tests::{TestClock, catches, check, claim};

type Limit = RateLimit<TestClock>;

fn limit(burst: u32) -> Arc<Limit> {
    let settings =
        RateConfig::every(Duration::from_millis(10)).burst(burst).clock_step(Duration::ZERO);
    Arc::new(RateLimit::with(None, settings.build(), TestClock::default(), DefaultObserver))
}

/// As many calls as are left.
fn rest(limit: &Limit) -> usize {
    (0..10).filter(|_| limit.try_acquire().is_ok()).count()
}

fn two_callers_take_from_a_burst_of_three() {
    let limit = limit(3);
    let other = {
        let limit = limit.clone();
        thread::spawn(move || limit.acquire_n(2).is_ok())
    };
    let own = limit.acquire_n(2).is_ok();
    let other = other.join().unwrap();
    claim!(own != other, "calls were taken twice, or by nobody");
    let left = rest(&limit);
    claim!(left == 1, "{left} calls are left of 3");
}

fn one_gives_back_while_another_takes() {
    let limit = limit(3);
    let reserved = limit.reserve(2, Duration::ZERO).expect("nobody has taken any");
    let other = {
        let limit = limit.clone();
        thread::spawn(move || limit.acquire_n(1).is_ok())
    };
    reserved.give_back();
    claim!(other.join().unwrap(), "one of three was left");
    let left = rest(&limit);
    claim!(left == 2, "{left} calls are left of 3, where one was taken");
}

#[test]
fn no_call_is_taken_twice() {
    check(two_callers_take_from_a_burst_of_three);
}

#[test]
fn calls_that_are_taken_by_a_store_are_caught() {
    catches(Defect::RateTakenByStore, two_callers_take_from_a_burst_of_three);
}

#[test]
fn what_is_given_back_is_had_once() {
    check(one_gives_back_while_another_takes);
}

#[test]
fn calls_that_are_given_back_by_a_store_are_caught() {
    catches(Defect::RateGivenBackByStore, one_gives_back_while_another_takes);
}
