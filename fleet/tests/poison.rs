//! Instances that are broken themselves move nobody else.

use fusebox_fleet::world::{Breaker, World};

/// All members hear the others, or some do where the program is slow. All speak.
const LISTENERS: usize = if cfg!(debug_assertions) { 20 } else { 1_000 };
const SECONDS: u64 = if cfg!(debug_assertions) { 7 } else { 10 };

/// A fleet in which `bad` instances fail all their calls after so many seconds, and the
/// others one in a hundred. Each instance calls once in so many milliseconds. Fails where
/// anybody but the bad ones refused a call.
fn poison(bad: usize, every: u64, after: u64) {
    let mut world = World::new(1_000, &["shop"], 0x50 + bad as u64);
    // The bad ones are among those that hear the others, so all of these are asked.
    world.listeners = LISTENERS;
    let mut refused = 0;
    world.run((after + SECONDS) * 1_000, |world| {
        for number in 0..1_000 {
            if (world.now + number as u64 * 7_919).is_multiple_of(every) {
                let is_bad = number < bad && world.now >= after * 1_000;
                let succeeds = !is_bad && !world.dice.percent(1);
                let is_admitted = world.call(number, 0, succeeds);
                refused += u64::from(!is_admitted && number >= bad);
            }
        }
    });
    assert_eq!(refused, 0, "{bad} bad instances, a call each {every} ms");
    let open = world.all.iter().filter(|it| it.is_open()).count();
    let opened = |it: &Breaker| it.counters().openings;
    let others: u64 = world.all[bad..].iter().map(|it| opened(&it.breakers[0])).sum();
    println!("{bad} bad, a call each {every} ms: {open} open, and {others} of the others were");
    assert_eq!((open, others), (bad, 0));
}

#[test]
fn n4_one_bad_instance_of_a_thousand_moves_nobody() {
    poison(1, 100, 3);
}

#[test]
fn n4_three_bad_instances_of_a_thousand_move_nobody() {
    poison(3, 100, 3);
    poison(3, 1_000, 3);
}

#[test]
fn n4_ten_bad_instances_of_a_thousand_move_nobody() {
    poison(10, 100, 3);
    poison(10, 1_000, 3);
}

/// Nobody knows yet what is usual.
#[test]
fn n4_ten_bad_instances_move_nobody_where_all_begin_at_once() {
    poison(10, 100, 0);
}

/// How many of eight instances open when so many fail all calls, and the others fail
/// once.
fn of_eight(bad: usize) -> usize {
    let mut world = World::new(8, &["shop"], 8);
    world.rest(3_000);
    world.run(3_000, |world| {
        for number in 0..8 {
            if (world.now + number as u64 * 13).is_multiple_of(100) {
                // At its end each of them fails once.
                let fails = number < bad || world.now >= 5_900;
                world.call(number, 0, !fails);
            }
        }
    });
    world.all.iter().filter(|it| it.is_open()).count()
}

#[test]
fn n4_of_eight_instances_one_or_two_move_nobody_and_four_do() {
    assert_eq!([1, 2, 4].map(of_eight), [1, 2, 8]);
}
