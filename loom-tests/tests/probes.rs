//! Models M2 and M3: how many probes get in, and what becomes of those that
//! never report.

use fusebox::{BreakerConfig, State, Verdict, planted::Defect};
use loom::thread;
use loom_tests::{Breaker, TIMEOUT, catches, check, claim, due, lose_permit};

/// How many of three racing callers are admitted, none of whom reports.
fn admitted_of_three(breaker: &loom::sync::Arc<Breaker>) -> usize {
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let breaker = breaker.clone();
            thread::spawn(move || lose_permit(&breaker))
        })
        .collect();
    let own = lose_permit(breaker);
    usize::from(own) + threads.into_iter().map(join).sum::<usize>()
}

fn join(thread: thread::JoinHandle<bool>) -> usize {
    usize::from(thread.join().unwrap())
}

fn one_probe_of_three() {
    let (breaker, _) = due(BreakerConfig::new());
    let admitted = admitted_of_three(&breaker);
    claim!(admitted == 1, "one probe is allowed, and {admitted} of 3 callers got in");
}

fn two_probes_of_three() {
    let (breaker, _) = due(BreakerConfig::new().probes(2));
    let admitted = admitted_of_three(&breaker);
    claim!(admitted == 2, "two probes are allowed, and {admitted} of 3 callers got in");
}

#[test]
fn racing_callers_get_no_more_permits_than_probes() {
    check(one_probe_of_three);
    check(two_probes_of_three);
}

#[test]
fn a_probe_count_that_is_not_atomic_is_caught() {
    catches(Defect::NonAtomicProbeCount, one_probe_of_three);
    catches(Defect::NonAtomicProbeCount, two_probes_of_three);
}

/// A probe is cancelled while another caller asks.
fn dropped_probe() {
    let (breaker, _) = due(BreakerConfig::new());
    let probe = breaker.try_acquire().expect("the first probe");
    let other = {
        let breaker = breaker.clone();
        thread::spawn(move || breaker.try_acquire().map(drop).is_ok())
    };
    drop(probe);
    other.join().unwrap();
    claim!(lose_permit(&breaker), "a cancelled probe's place is free for the next caller");
    claim!(breaker.state() == State::HalfOpen, "a cancelled probe is no success");
}

/// Two probes are lost; after one timeout three callers race.
fn lost_probes() {
    let (breaker, clock) = due(BreakerConfig::new().probes(2));
    let lost = [lose_permit(&breaker), lose_permit(&breaker)];
    clock.advance(TIMEOUT);
    let admitted = admitted_of_three(&breaker);
    claim!(lost == [true, true], "both probes get in");
    claim!(admitted >= 1, "lost probes delay recovery by one timeout, and nobody got in");
    claim!(admitted <= 1, "one place is given again in a timeout, and {admitted} got in");
}

/// A slow probe's place was given to another; both report, differently.
fn slow_probe() {
    let (breaker, clock) = due(BreakerConfig::new());
    let slow = breaker.try_acquire().expect("the first probe");
    clock.advance(TIMEOUT);
    let second = breaker.try_acquire();
    let taken_over = second.is_ok();
    std::mem::forget(second);
    // Reported through a permit of the same generation on another thread.
    let other = {
        let breaker = breaker.clone();
        thread::spawn(move || {
            // Nobody else gets in while both places are taken.
            breaker.try_acquire().map(std::mem::forget).is_ok()
        })
    };
    let verdict = slow.success();
    other.join().unwrap();
    claim!(taken_over, "the next caller gets a lost probe's place");
    claim!(verdict == Verdict::Recorded, "a probe that was only slow still counts");
    claim!(breaker.state() == State::Closed, "and closes; it is {}", breaker.state());
}

#[test]
fn no_probe_wedges_half_open() {
    check(dropped_probe);
    check(lost_probes);
    check(slow_probe);
}

#[test]
fn places_that_are_never_given_back_are_caught() {
    catches(Defect::DropKeepsProbe, dropped_probe);
    catches(Defect::NoTakeover, lost_probes);
    catches(Defect::NoTakeover, slow_probe);
}

#[test]
fn more_in_flight_than_the_bound_is_caught() {
    catches(Defect::TakeoverFreesAll, lost_probes);
}
