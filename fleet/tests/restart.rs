//! What was open stays so over the restart of every process at once.

use std::time::Duration;

use fusebox::State;
use fusebox_fleet::world::World;

const FLEET: usize = 8;

fn fleet() -> World {
    let mut world = World::new(FLEET, &["shop", "bank"], 88);
    world.rest(2_500);
    world
}

fn restart_all(world: &mut World) {
    (0..FLEET).for_each(|number| world.restart(number, true));
}

fn states(world: &World, breaker: usize) -> Vec<State> {
    world.all.iter().map(|it| it.breakers[breaker].state()).collect()
}

#[test]
fn n8_what_was_open_is_open_for_what_remains() {
    for (rests, down) in [(110, 0), (250, 7), (12_345, 900), (40_000, 15_000)] {
        let mut world = fleet();
        for instance in &world.all {
            instance.breakers[0].trip();
        }
        let opened = world.now;
        // The other is not well, and closed.
        (0..FLEET).for_each(|number| assert!(world.call(number, 1, false)));
        world.rest(rests + down);
        restart_all(&mut world);
        assert_eq!(states(&world, 0), [State::Open; FLEET]);
        assert_eq!(states(&world, 1), [State::Closed; FLEET], "closed stays closed");
        for number in 0..FLEET {
            let left = world.all[number].breakers[0].reading().time_left.unwrap();
            let remains = Duration::from_millis(60_000 - (world.now - opened));
            assert_eq!(left, remains, "after {rests} and {down} ms");
        }
        // Not before, and then.
        world.rest(60_000 - (world.now - opened) - 1);
        assert!((0..FLEET).all(|number| !world.call(number, 0, true)));
        world.step();
        assert!((0..FLEET).all(|number| world.call(number, 0, true)));
        assert_eq!(states(&world, 0), [State::Closed; FLEET]);
    }
}

#[test]
fn n8_a_store_that_lost_a_second_loses_no_older_opening() {
    let mut world = fleet();
    world.all.iter().for_each(|it| it.breakers[0].trip());
    let opened = world.now;
    world.rest(3_210);
    world.fail_over();
    restart_all(&mut world);
    assert_eq!(states(&world, 0), [State::Open; FLEET]);
    let left = world.all[0].breakers[0].reading().time_left.unwrap();
    assert_eq!(left, Duration::from_millis(60_000 - (world.now - opened)));
}

#[test]
fn n8_a_wait_that_ended_meanwhile_ends_in_a_probe() {
    let mut world = fleet();
    world.all.iter().for_each(|it| it.breakers[0].trip());
    world.rest(1_000);
    // All are down for two minutes: nobody looks.
    world.now += 120_000;
    restart_all(&mut world);
    assert_eq!(states(&world, 0), [State::Open; FLEET]);
    world.now += 1;
    assert!(world.call(0, 0, false), "it is due");
    assert!(!world.call(0, 0, true), "and has failed");
    assert!(world.call(1, 0, true));
    assert_eq!(states(&world, 0)[..2], [State::Open, State::Closed]);
}

#[test]
fn n8_a_breaker_that_probed_probes_again() {
    let mut world = fleet();
    let shop = &world.all[0].breakers[0];
    shop.trip();
    world.rest(60_000);
    // A probe is on its way when the process ends.
    std::mem::forget(world.all[0].breakers[0].try_acquire().unwrap());
    assert_eq!(states(&world, 0)[0], State::HalfOpen);
    world.rest(200);
    world.restart(0, true);
    world.now += 1;
    assert_eq!(states(&world, 0)[0], State::Open);
    assert!(world.call(0, 0, true));
    assert_eq!(states(&world, 0)[0], State::Closed);
}

#[test]
fn n8_what_an_operator_closed_stays_closed() {
    let mut world = fleet();
    world.all.iter().for_each(|it| it.breakers[0].trip());
    world.rest(5_000);
    world.all.iter().for_each(|it| it.breakers[0].close());
    // As long as it takes until that is told.
    world.rest(110);
    restart_all(&mut world);
    assert_eq!(states(&world, 0), [State::Closed; FLEET]);
    world.rest(3_000);
    assert_eq!(states(&world, 0), [State::Closed; FLEET], "and nobody else opens it again");
}
