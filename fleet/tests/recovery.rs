//! A service that is back is news to all.

use std::time::Duration;

use fusebox::State;
use fusebox_fleet::{FleetConfig, Member, world::World};

const FLEET: usize = 100;

/// All are open for a minute; the first one, which waits for less, finds the service as
/// it is. Says when each closed, in milliseconds after that, and how many probed.
fn recover(is_back: bool, lasts: u64) -> (Vec<Option<u64>>, usize) {
    let mut world = World::new(FLEET, &["shop"], 6);
    world.rest(2_000);
    for instance in &world.all {
        instance.breakers[0].trip();
    }
    world.rest(5_000);
    world.all[0].breakers[0].hasten(Duration::from_millis(1));
    let found = world.now + 1;
    let (mut closed, mut probes) = (vec![None; FLEET], vec![0; FLEET]);
    world.run(lasts, |world| {
        for number in 0..FLEET {
            let was_open = world.all[number].is_open();
            let is_admitted = world.call(number, 0, is_back);
            probes[number] += u64::from(was_open && is_admitted);
            let is_closed = world.all[number].breakers[0].state() == State::Closed;
            if is_closed && closed[number].is_none() {
                closed[number] = Some(world.now - found);
            }
        }
    });
    // Nobody closes without a probe of its own.
    assert!(probes.iter().zip(&closed).all(|(probes, closed)| *probes > 0 || closed.is_none()));
    (closed, probes.iter().filter(|probes| **probes > 0).count())
}

#[test]
fn what_one_probe_finds_ends_the_waits_of_all_within_a_second_and_not_in_step() {
    let (closed, probed) = recover(true, 1_300);
    assert_eq!(probed, FLEET);
    let mut times: Vec<_> = closed[1..].iter().map(|it| it.expect("all are back")).collect();
    times.sort_unstable();
    let (first, last) = (times[0], times[times.len() - 1]);
    println!("the first of the others is back {first} ms after that, and the last {last} ms");
    // The way there takes 20 ms, and each looks every 10 ms.
    assert!(last <= 1_000 + 60, "{last}");
    assert!(last - first >= 500, "{first} to {last}");
    let most = (0..10).map(|tenth| times.iter().filter(|it| *it / 106 == tenth).count()).max();
    println!("at most {most:?} of them in a tenth of that time");
    assert!(most < Some(30), "they come in step: {times:?}");
}

#[test]
fn a_probe_that_fails_ends_nobody_elses_wait() {
    assert_eq!(recover(false, 3_000), (vec![None; FLEET], 1));
}

/// The service is back, and has failed once since.
#[test]
fn a_breaker_that_closed_has_found_the_service_well_whatever_came_then() {
    let mut world = World::new(2, &["shop"], 6);
    world.rest(2_000);
    world.all.iter().for_each(|it| it.breakers[0].trip());
    world.rest(1_000);
    world.all[0].breakers[0].hasten(Duration::from_millis(1));
    world.step();
    assert!(world.call(0, 0, true));
    assert!(world.call(0, 0, false));
    world.rest(1_500);
    assert!(world.call(1, 0, true), "its wait has ended");
}

#[test]
fn instances_that_begin_together_do_not_speak_in_step() {
    let mut members: Vec<_> = (0..100)
        .map(|who| Member::new(FleetConfig::new(format!("host-{who}")).build().unwrap()))
        .collect();
    let mut due: Vec<_> = members
        .iter_mut()
        .map(|member| {
            assert!(member.report([], Duration::from_secs(1)).is_some());
            member.due().expect("it begins")
        })
        .collect();
    due.sort_unstable();
    assert!(due[0] >= Duration::from_millis(1_800) && due[99] <= Duration::from_secs(2));
    assert!(due[75] > due[25] + Duration::from_millis(50), "{due:?}");
}
