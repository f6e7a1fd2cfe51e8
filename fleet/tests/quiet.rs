//! Who is well says so for a while, and then only that it is alive.

use std::time::Duration;

use fusebox_fleet::{
    FleetConfig, Member, Opinion, Peers, Simulated, Store,
    world::{BEAT, Breaker, Net, World},
};

const FLEET: usize = 20;

fn well() -> World {
    let mut world = World::new(FLEET, &["shop"], 4);
    world.rest(6 * BEAT);
    (world.record, world.beaten) = (Some(Vec::new()), Some(Vec::new()));
    world
}

fn said(world: &mut World) -> usize {
    world.record.as_mut().map(std::mem::take).unwrap_or_default().len()
}

#[test]
fn a_fleet_that_is_well_says_nothing_and_all_know_that_all_are_alive() {
    let mut world = well();
    world.rest(10 * BEAT);
    assert_eq!(said(&mut world), 0);
    let beats = world.beaten.take().unwrap().len();
    assert!((FLEET * 10..=FLEET * 13).contains(&beats), "{beats}");
    assert!(world.all.iter().all(|it| it.member.peers().alive() as usize == FLEET - 1));
    assert_eq!(world.apart(), 0);
}

#[test]
fn whoever_is_not_well_says_it_at_once_and_three_heartbeats_longer() {
    let mut world = well();
    assert!(world.call(0, 0, false));
    world.rest(40);
    assert_eq!((said(&mut world), world.opinion(7, 0).failures), (1, 1));
    world.rest(BEAT);
    assert_eq!(said(&mut world), 1, "it says so with each heartbeat");
    assert!(world.call(0, 0, true));
    world.rest(130);
    assert_eq!((said(&mut world), world.opinion(7, 0)), (1, Opinion::default()));
    world.rest(3 * BEAT);
    let more = said(&mut world);
    assert!((2..=3).contains(&more), "{more}");
    world.rest(10 * BEAT);
    assert_eq!(said(&mut world), 0);
}

/// The word that it is well again is lost; whatever else that one says is heard, or it is
/// forgotten what it said before.
#[test]
fn n5_whoever_missed_that_one_is_well_again_knows_it_two_heartbeats_after_the_heal() {
    for missed in (50..5 * BEAT).step_by(230) {
        let mut world = well();
        assert!(world.call(0, 0, false));
        world.rest(BEAT / 2);
        assert_eq!(world.opinion(7, 0).failures, 1);
        world.net = Net { deaf: Some(7), ..Net::good(20) };
        assert!(world.call(0, 0, true));
        world.rest(missed);
        world.net = Net::good(20);
        world.rest(2 * BEAT + 40);
        assert_eq!(world.opinion(7, 0), Opinion::default(), "missed {missed} ms");
        assert_eq!(world.all[7].member.peers().alive() as usize, FLEET - 1);
    }
}

/// A clock that steps makes nobody speak for longer.
#[test]
fn n6_whoever_steps_falls_silent_as_others_do() {
    for by in [-1_000_000_000, -1_500, 1_500, 1_000_000_000] {
        let mut world = well();
        world.step_clock(3, by);
        world.rest(6 * BEAT);
        said(&mut world);
        world.rest(10 * BEAT);
        assert_eq!(said(&mut world), 0, "{by}");
        assert_eq!(world.apart(), 0);
    }
}

#[test]
fn who_dies_counts_for_three_heartbeats() {
    let mut world = well();
    world.net = Net { mute: Some(4), ..Net::good(20) };
    world.rest(2 * BEAT);
    assert_eq!(world.all[0].member.peers().alive() as usize, FLEET - 1);
    world.rest(2 * BEAT + 40);
    assert_eq!(world.all[0].member.peers().alive() as usize, FLEET - 2);
    // Without its store it knows of nobody any more.
    world.net = Net { deaf: Some(0), ..Net::good(20) };
    world.rest(4 * BEAT + 40);
    assert_eq!(world.all[0].member.peers().alive(), 0);
}

/// Whatever a store says of how many are alive: more than are remembered are not believed,
/// and what is enough of a large fleet is enough.
#[test]
fn n4_a_count_that_is_a_lie_asks_for_no_more_than_is_enough() {
    let config = FleetConfig::new("here").build().unwrap();
    let mut peers = Peers::new(config.clone());
    peers.meet(u32::MAX, Duration::ZERO);
    assert_eq!(peers.alive(), 4_096);
    let opinion = |failures| Opinion { instances: 11, failures, open: 0 };
    assert!(config.have_seen_enough(opinion(22), u32::from(u16::MAX)));
    assert!(!config.have_seen_enough(opinion(21), u32::from(u16::MAX)));
}

#[test]
fn a_heartbeat_is_due_once_a_heartbeat_and_the_first_at_once() {
    let config = FleetConfig::new("here").build().unwrap();
    let mut member = Member::new(config);
    let at = Duration::from_millis;
    assert!(member.beats(at(5)));
    let due = (6..2_000).find(|it| member.beats(at(*it))).unwrap();
    assert!((805..=1_005).contains(&due), "{due}");
    // A clock steps back.
    assert!(member.beats(at(3)));
    let none: [&Breaker; 0] = [];
    assert!(member.report(none.iter().map(|it| it.reading()), at(3)).is_some());
}

#[test]
fn the_simulated_store_counts_by_group_and_time() {
    let store = Simulated::new();
    let lives = Duration::from_secs(3);
    let (mut one, mut other, mut far) = (store.of("one"), store.of("other"), store.of("far"));
    assert_eq!(one.beat("eu", lives).unwrap().alive, 1);
    store.advance(Duration::from_secs(2));
    assert_eq!(other.beat("eu", lives).unwrap().alive, 2);
    assert_eq!(far.beat("us", lives).unwrap().alive, 1);
    store.advance(Duration::from_secs(2));
    assert_eq!(other.beat("eu", lives).unwrap().alive, 1, "one is silent");
    assert_eq!(far.beats().unwrap().len(), 3);
    store.advance(Duration::from_secs(1));
    let mut twin = store.of("other");
    assert!(!twin.beat("eu", lives).unwrap().has_namesake);
    assert!(other.beat("eu", lives).unwrap().has_namesake);
    store.set_down(true);
    assert!(one.beat("eu", lives).is_err() && one.beats().is_err());
    store.set_down(false);
    store.flush();
    assert!(one.beats().unwrap().is_empty());
}
