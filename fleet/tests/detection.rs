//! How soon a fleet knows that a service is dead, and what that costs.

use fusebox_fleet::world::{Instance, World};

/// Instances of the fleet.
const FLEET: u64 = 1_000;

struct Found {
    /// Milliseconds from the death until somebody had seen enough.
    decided: u64,
    /// Calls that failed until then, and until all were open, or the time was over.
    failed_until: u64,
    failed: u64,
    open: usize,
}

/// The service dies when the fleet has been well for three heartbeats. Each instance
/// calls once in so many milliseconds, each at its own moment.
fn die(every: u64, lasts: u64, listeners: usize, seed: u64) -> Found {
    let mut world = World::new(1_000, &["shop"], seed);
    world.listeners = listeners;
    world.rest(3_000);
    let mut calls = vec![Vec::new(); usize::try_from(every).unwrap()];
    for number in 0..FLEET {
        let at = world.dice.below(every);
        calls[usize::try_from(at).unwrap()].push(usize::try_from(number).unwrap());
    }
    let (mut failed, mut decided) = (0, None);
    let died = world.now;
    while world.now - died < lasts {
        let at = usize::try_from((world.now - died) % every).unwrap();
        for &number in &calls[at] {
            failed += u64::from(world.call(number, 0, false));
        }
        world.step();
        let knows = |it: usize| world.has_seen_enough(it);
        if decided.is_none() && (0..listeners.min(10)).any(knows) {
            decided = Some((world.now - died, failed));
        }
        if world.all.iter().all(Instance::is_open) {
            break;
        }
    }
    let open = world.all.iter().filter(|it| it.is_open()).count();
    let (decided, failed_until) = decided.unwrap_or((u64::MAX, failed));
    Found { decided, failed_until, failed, open }
}

/// Fails where the figures are worse than was promised.
fn assert_found(every: u64, decided: u64, failed: u64) {
    for seed in 1..=3 {
        let found = die(every, every * 6, 1_000, seed);
        let Found { decided: after, failed_until, failed: all, open } = found;
        println!(
            "a call each {every} ms: the fleet knows after {after} ms and {failed_until} failed \
             calls; all {open} open after {all} failed calls (5000 without a fleet)"
        );
        assert_eq!(open, 1_000);
        assert!(after <= decided, "{after}");
        assert!(all <= failed, "{all}");
    }
}

#[test]
fn a_fleet_decides_while_most_have_not_seen_one_failure() {
    for (every, most) in [(10_000, 300), (1_000, 150), (100, 120)] {
        // The first ten hear the others: that is as good, and sooner computed.
        let Found { decided, failed_until, .. } = die(every, 400, 10, 7);
        println!("a call each {every} ms: after {decided} ms and {failed_until} failed calls");
        assert!(decided <= most, "{decided}");
    }
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes minutes without optimization")]
fn one_failure_each_is_enough_at_a_tenth_of_a_call_a_second() {
    assert_found(10_000, 300, 1_100);
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes minutes without optimization")]
fn one_failure_each_is_enough_at_a_call_a_second() {
    assert_found(1_000, 150, 1_100);
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes minutes without optimization")]
fn few_failures_each_are_enough_at_ten_calls_a_second() {
    assert_found(100, 120, 1_600);
}
