//! Model M24: places in a bulkhead that is full are given back and taken by others.

use fusebox::{Bulkhead, planted::Defect};
use loom::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};
use loom_tests::{catches, check, claim};

/// Of one place, held by one caller, whose end races with two others.
fn a_place_is_given_back_while_others_ask() {
    let bulkhead = Arc::new(Bulkhead::new(1));
    let inside = Arc::new(AtomicU32::new(0));
    let first = bulkhead.try_acquire().expect("nobody else is there");
    let others: Vec<_> = (0..2)
        .map(|_| {
            let (bulkhead, inside) = (Arc::clone(&bulkhead), Arc::clone(&inside));
            thread::spawn(move || {
                let Ok(place) = bulkhead.try_acquire() else { return true };
                // Of the two, one may be here.
                let alone = inside.fetch_add(1, Ordering::Relaxed) == 0;
                inside.fetch_sub(1, Ordering::Relaxed);
                drop(place);
                alone
            })
        })
        .collect();
    drop(first);
    let alone = others.into_iter().fold(true, |all, other| other.join().unwrap() & all);
    claim!(alone, "two in a bulkhead for one");
    claim!(bulkhead.in_flight() == 0, "{} places are lost", bulkhead.in_flight());
    claim!(bulkhead.peak() == 1, "a peak of {}", bulkhead.peak());
    claim!(bulkhead.try_acquire().is_ok(), "the place is lost");
}

/// Two who ask for the last two of three places, and one who lowers the limit.
fn the_limit_falls_while_others_ask() {
    let bulkhead = Arc::new(Bulkhead::new(3));
    let first = bulkhead.try_acquire().expect("nobody else is there");
    let other = {
        let bulkhead = Arc::clone(&bulkhead);
        thread::spawn(move || bulkhead.acquire_n(2).map(|_| ()).is_ok())
    };
    bulkhead.set_limit(2).expect("it is a limit");
    drop(first);
    let _ = other.join().unwrap();
    claim!(bulkhead.limit() == Some(2), "the limit is {:?}", bulkhead.limit());
    claim!(bulkhead.in_flight() == 0, "{} places are lost", bulkhead.in_flight());
}

#[test]
fn a_full_bulkhead_admits_as_many_as_it_lets_go() {
    check(a_place_is_given_back_while_others_ask);
    check(the_limit_falls_while_others_ask);
}

#[test]
fn a_place_that_is_taken_by_a_store_is_caught() {
    catches(Defect::PlaceTakenByStore, a_place_is_given_back_while_others_ask);
    catches(Defect::PlaceTakenByStore, the_limit_falls_while_others_ask);
}

#[test]
fn a_place_that_is_given_back_by_a_store_is_caught() {
    catches(Defect::SubtractedByStore, the_limit_falls_while_others_ask);
}
