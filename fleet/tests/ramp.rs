//! A service that is back is news to all, and each lets calls back by a ramp of its own.

use std::time::Duration;

use fusebox::{BreakerConfig, State};
use fusebox_fleet::world::World;

const FLEET: usize = 50;
const UP: Duration = Duration::from_secs(10);

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap()
}

#[test]
fn each_comes_back_by_its_own_probe_and_its_own_ramp() {
    let mut world = World::new(FLEET, &["shop"], 6);
    for instance in &world.all {
        let shop = &instance.breakers[0];
        shop.set_settings(BreakerConfig::from(shop.settings()).ramp_up(UP).build());
    }
    world.rest(2_000);
    world.all.iter().for_each(|it| it.breakers[0].trip());
    world.rest(5_000);
    world.all[0].breakers[0].hasten(Duration::from_millis(1));
    let mut closed = [None; FLEET];
    let (mut asked, mut admitted) = (0_u32, 0_u32);
    world.run(1_500, |world| {
        for (number, closed) in closed.iter_mut().enumerate() {
            let was_closed = closed.is_some();
            let is_admitted = world.call(number, 0, true);
            if was_closed {
                asked += 1;
                admitted += u32::from(is_admitted);
            }
            let reading = world.all[number].breakers[0].reading();
            if reading.snapshot.state == State::Closed && closed.is_none() {
                assert_eq!(reading.admits, 10, "it begins as every ramp does");
                *closed = Some(world.now);
            }
        }
    });
    // From a tenth to a tenth and 1.5 s of the other nine: of all calls of all instances.
    let share = f64::from(admitted) / f64::from(asked);
    assert!((0.10..0.25).contains(&share), "{admitted} of {asked}");
    for (number, closed) in closed.iter().enumerate() {
        let closed = closed.expect("all are back");
        let reading = world.all[number].breakers[0].reading();
        let left = millis(reading.ramp_left.expect("its ramp goes on, whatever the others say"));
        let passed = world.now - closed;
        let up = millis(reading.settings.ramp_up());
        assert!(left.abs_diff(up - passed) <= 20, "{number}: {left} after {passed} of {up}");
    }
}

#[test]
fn what_one_fails_in_its_ramp_moves_nobody_else() {
    let mut world = World::new(FLEET, &["shop"], 6);
    for instance in &world.all {
        let shop = &instance.breakers[0];
        shop.set_settings(BreakerConfig::from(shop.settings()).ramp_up(UP).build());
    }
    world.rest(2_000);
    // One closes after an outage of its own, and its next failure weighs ten times.
    world.all[0].breakers[0].trip();
    world.rest(1_000);
    world.all[0].breakers[0].hasten(Duration::from_millis(1));
    world.step();
    assert!(world.call(0, 0, true));
    while !world.call(0, 0, false) {}
    assert_eq!(world.all[0].breakers[0].state(), State::Open);
    world.rest(2_000);
    for instance in &world.all[1..] {
        let reading = instance.breakers[0].reading();
        assert_eq!((reading.snapshot.state, reading.admits_a_share()), (State::Closed, false));
        assert!(!instance.breakers[0].advice().is_some_and(|it| it.primed));
    }
}
