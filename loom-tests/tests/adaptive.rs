//! Model M25: at the end of an adaptive limit's window, one caller computes.

use std::time::Duration;

use fusebox::{AdaptiveConfig, AdaptiveLimit, DefaultObserver, planted::Defect};
use loom::{sync::Arc, thread};
use loom_tests::{TestClock, catches, check, claim};

const WINDOW: Duration = Duration::from_millis(100);

/// Two calls end when the window does, and each could end it.
fn two_calls_end_at_the_end_of_a_window() {
    let clock = TestClock::default();
    clock.advance(Duration::from_secs(1));
    let settings = AdaptiveConfig::new().initial(8).min_samples(5).window(WINDOW).build();
    let limit = Arc::new(AdaptiveLimit::with(None, settings, clock.clone(), DefaultObserver));
    // Begins the window, and is in it.
    let begin = limit.try_acquire().expect("admitted");
    clock.advance(Duration::from_millis(1));
    begin.success();
    let tickets: Vec<_> = (0..4).map(|_| limit.try_acquire().expect("admitted")).collect();
    clock.advance(Duration::from_millis(1));
    tickets.into_iter().for_each(|ticket| ticket.success());
    let ours = limit.try_acquire().expect("admitted");
    let other = {
        let limit = Arc::clone(&limit);
        clock.advance(WINDOW);
        thread::spawn(move || limit.try_acquire().expect("admitted").success())
    };
    ours.success();
    other.join().unwrap();
    let (windows, measured) = (limit.windows(), limit.measured());
    claim!(windows == 1, "{windows} computed");
    // One of the two may have come too late for this window.
    claim!((6..=7).contains(&measured), "of 7 calls {measured} were measured");
    claim!(limit.in_flight() == 0, "{} places are lost", limit.in_flight());
    // What is left is in the next window: nothing is lost, nothing counted twice.
    clock.advance(WINDOW);
    for _ in 0..5 {
        limit.try_acquire().expect("admitted").success();
        clock.advance(WINDOW * 8);
    }
    let last = limit.try_acquire().expect("admitted");
    clock.advance(WINDOW * 8);
    last.success();
    let measured = limit.measured();
    claim!(measured == 13, "of 13 calls {measured} were measured");
}

#[test]
fn of_two_winners_of_a_window_one_computes() {
    check(two_calls_end_at_the_end_of_a_window);
}

#[test]
fn two_who_compute_are_caught() {
    catches(Defect::WindowWonTwice, two_calls_end_at_the_end_of_a_window);
}

#[test]
fn a_call_that_is_added_by_a_store_is_caught() {
    catches(Defect::AddedByStore, two_calls_end_at_the_end_of_a_window);
}

#[test]
fn a_limit_that_is_set_by_a_store_is_caught() {
    catches(Defect::LimitSetByStore, two_calls_end_at_the_end_of_a_window);
}
