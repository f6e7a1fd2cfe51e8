//! Whatever happens between them, in the end all members think the same.

use std::time::Duration;

use fusebox::{Name, State};
use fusebox_fleet::{
    FleetConfig, Member, News, Obedience, Opinion, Peers, Register, Report,
    world::{BEAT, Breaker, Dice, FIVE, Instance, Net, World},
};
use proptest::prelude::*;

const NAMES: [&str; 3] = ["shop", "bank", "mail"];

/// What may happen for a while.
#[derive(Debug, Clone, Copy)]
enum Trouble {
    Quiet,
    Slow,
    Loss,
    Twice,
    Halves,
    Mute(usize),
    Deaf(usize),
    Flush,
    FailOver,
    Restart(usize, bool),
    RestartAll,
    Clock(usize, i64),
    ByHand(usize, usize),
}

fn trouble() -> impl Strategy<Value = Trouble> {
    let who = 0..8_usize;
    prop_oneof![
        Just(Trouble::Quiet),
        Just(Trouble::Slow),
        Just(Trouble::Loss),
        Just(Trouble::Twice),
        Just(Trouble::Halves),
        who.clone().prop_map(Trouble::Mute),
        who.clone().prop_map(Trouble::Deaf),
        Just(Trouble::Flush),
        Just(Trouble::FailOver),
        (who.clone(), any::<bool>()).prop_map(|(who, store)| Trouble::Restart(who, store)),
        Just(Trouble::RestartAll),
        (who.clone(), -5_000_000..5_000_000_i64).prop_map(|(who, by)| Trouble::Clock(who, by)),
        (who, 0..3_usize).prop_map(|(who, what)| Trouble::ByHand(who, what)),
    ]
}

fn begin(world: &mut World, trouble: Trouble) {
    let count = world.all.len();
    let good = Net::good(20);
    world.net = match trouble {
        Trouble::Slow => Net { delay: (5, 900), ..good },
        Trouble::Loss => Net { lost: 40, delay: (5, 200), ..good },
        Trouble::Twice => Net { twice: 60, delay: (5, 400), ..good },
        Trouble::Halves => Net { halves: true, ..good },
        Trouble::Mute(who) => Net { mute: Some(who % count), ..good },
        Trouble::Deaf(who) => Net { deaf: Some(who % count), ..good },
        _ => good,
    };
    match trouble {
        Trouble::Flush => world.flush(),
        Trouble::FailOver => world.fail_over(),
        Trouble::Restart(who, with_store) => world.restart(who % count, with_store),
        Trouble::RestartAll => (0..count).for_each(|who| world.restart(who, true)),
        Trouble::Clock(who, by) => world.step_clock(who % count, by),
        Trouble::ByHand(who, what) => {
            let breaker = &world.all[who % count].breakers[0];
            [Breaker::trip, Breaker::close, Breaker::force_open][what](breaker);
        }
        _ => {}
    }
}

/// Calls of all instances, of which so many in a hundred fail; the last instance's
/// succeed.
fn call(world: &mut World, failing: u64) {
    let count = world.all.len();
    for number in 0..count {
        if (world.now + number as u64 * 17).is_multiple_of(50) {
            for breaker in 0..NAMES.len() {
                let fails = number + 1 < count && world.dice.percent(failing);
                world.call(number, breaker, !fails);
            }
        }
    }
}

fn assert_agree(world: &World) {
    for number in 0..world.all.len() {
        let alive = world.all[number].member.peers().alive();
        assert_eq!(alive as usize, world.all.len() - 1, "{number} hears all others");
        for (breaker, name) in NAMES.iter().enumerate() {
            let (thinks, is) = (world.opinion(number, breaker), world.truth(number, breaker));
            assert_eq!(thinks, is, "{number} of {name}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 60 } else { 600 }))]

    #[test]
    fn n5_after_a_heal_all_agree_within_two_heartbeats(
        count in 2..8_usize,
        seed: u64,
        troubles in proptest::collection::vec((trouble(), 50..2_500_u64, 0..100_u64), 1..8),
    ) {
        let mut world = World::new(count, &NAMES, seed);
        for (trouble, lasts, failing) in troubles {
            begin(&mut world, trouble);
            world.run(lasts, |world| call(world, failing));
        }
        world.net = Net::good(20);
        // Nothing happens any more. The way there takes 20 ms, and each looks every 10 ms.
        world.rest(2 * BEAT + 40);
        assert_agree(&world);
        world.rest(2 * BEAT);
        assert_agree(&world);
    }

    #[test]
    fn n3_no_schedule_opens_a_breaker_whose_own_calls_succeed(
        count in 2..8_usize,
        seed: u64,
        troubles in proptest::collection::vec((trouble(), 50..2_500_u64, 0..100_u64), 1..8),
    ) {
        let mut world = World::new(count, &NAMES, seed);
        for (trouble, lasts, failing) in troubles {
            // What is done by hand is done to others.
            match trouble {
                Trouble::ByHand(who, _) if who % count == count - 1 => {}
                trouble => begin(&mut world, trouble),
            }
            world.run(lasts, |world| {
                call(world, failing);
                let good = world.all.last().unwrap();
                assert!(good.breakers.iter().all(|it| it.state() == State::Closed));
            });
        }
    }

    /// Reports that come twice, and in any order, leave what the last of them says.
    #[test]
    fn n5_duplicates_and_the_order_of_reports_change_nothing(
        seed: u64, first: u32, failures in proptest::collection::vec(any::<u8>(), 1..12),
    ) {
        let shop = Name::new("shop");
        let report = |number: usize| {
            let register = Register {
                name: shop,
                state: State::Closed,
                generation: 0,
                failures: failures[number],
                left: Duration::ZERO,
            };
            let beat = first.wrapping_add(u32::try_from(number).unwrap());
            Report { beat, group: String::new(), registers: vec![register] }
        };
        let config = FleetConfig::new("here").cap(100).build().unwrap();
        let (mut in_order, mut mixed) = (Peers::new(config.clone()), Peers::new(config));
        let mut dice = Dice(seed);
        let mut letters: Vec<_> = (0..failures.len()).chain(0..failures.len()).collect();
        letters.sort_by_cached_key(|_| dice.next());
        // All within a second: each was said 80 ms after the one before.
        let now = Duration::from_secs(5);
        let age = |number: usize| Duration::from_millis(80 * (failures.len() - number) as u64);
        for number in 0..failures.len() {
            in_order.hear("there", report(number), now.saturating_sub(age(number)), Duration::ZERO);
        }
        for number in letters {
            mixed.hear("there", report(number), now, age(number));
        }
        prop_assert_eq!(mixed.opinion(&shop), in_order.opinion(&shop));
        prop_assert_eq!(mixed.alive(), 1);
    }
}

/// An instance that fails without end, seen by another.
fn one_bad() -> World {
    let mut world = World::new(2, &NAMES, 1);
    world.run(3 * BEAT + 500, |world| {
        if world.now.is_multiple_of(100) {
            world.call(0, 0, false);
        }
    });
    assert_eq!(world.opinion(1, 0), Opinion { instances: 1, failures: 2, open: 1 });
    world
}

#[test]
fn n5_an_instance_that_begins_anew_is_heard_again() {
    for with_store in [false, true] {
        for rests in [0, 30, 500, 990] {
            let mut world = one_bad();
            world.rest(rests);
            world.restart(0, with_store);
            world.rest(2 * BEAT);
            assert_eq!(world.opinion(1, 0), world.truth(1, 0), "{with_store}, {rests}");
            // With its store it is open as before.
            assert_eq!(world.opinion(1, 0).open, u32::from(with_store));
        }
    }
}

/// Else each restart would end the waits of a whole fleet.
#[test]
fn an_instance_that_begins_anew_has_found_nothing_well() {
    let mut world = one_bad();
    world.all[1].breakers[0].trip();
    world.restart(0, false);
    world.rest(4 * BEAT);
    let left = world.all[1].breakers[0].reading().time_left.unwrap();
    assert!(left > Duration::from_secs(50), "{left:?}");
}

#[test]
fn a_silent_instance_is_forgotten_after_three_heartbeats() {
    let mut world = one_bad();
    world.net.mute = Some(0);
    world.rest(BEAT * 3 / 2);
    assert_eq!(world.opinion(1, 0).open, 1, "not so soon");
    world.rest(BEAT * 5 / 2 + 40);
    assert_eq!(world.opinion(1, 0), Opinion::default());
    assert_eq!(world.all[1].member.peers().alive(), 0);
}

/// Others hear one of them, the one that counts higher. Nothing panics, and nothing opens
/// whose own calls succeed.
#[test]
fn of_two_instances_with_one_name_one_is_heard() {
    let name =
        |name: &str| FleetConfig::new(if name == "host-1" { "host-0" } else { name }).build();
    let mut world = World::with(8, &NAMES, 3, FIVE, |it| name(it).unwrap());
    world.run(10 * BEAT, |world| {
        for number in 0..8 {
            if (world.now + number * 31).is_multiple_of(100) {
                let number = usize::try_from(number).unwrap();
                world.call(number, 0, number != 1);
            }
        }
        assert!(world.all.iter().enumerate().all(|(it, own)| it == 1 || !own.is_open()));
    });
    assert!(world.all[1].is_open());
    let alive: Vec<_> = world.all.iter().map(|it| it.member.peers().alive()).collect();
    assert_eq!(alive, [6; 8], "the two are one to all others, and none to each other");
    assert!((2..8).all(|it| world.opinion(it, 0).instances <= 1));
}

#[test]
fn n6_clocks_that_step_or_leap_change_nothing_for_long() {
    for by in [-1_000_000_000, -3_600_000, -1_500, 1_500, 3_600_000, 1_000_000_000] {
        let mut world = World::new(6, &NAMES, 2);
        world.rest(2 * BEAT);
        world.all[0].breakers[0].trip();
        world.rest(BEAT);
        for number in [0, 3] {
            world.step_clock(number, by);
        }
        world.run(2 * BEAT + 40, |world| {
            if world.now.is_multiple_of(100) {
                (1..6).for_each(|number| assert!(world.call(number, 0, true)));
            }
        });
        assert_agree(&world);
        // Who steps back forgets the silent in time, too.
        world.net.mute = Some(5);
        world.step_clock(3, by);
        world.rest(4 * BEAT + 40);
        assert!((0..5).all(|it| world.all[it].member.peers().alive() == 4), "{by}");
    }
}

/// The clocks of all instances differ by weeks.
#[test]
fn n6_clocks_that_differ_agree_on_what_is_left() {
    let mut world = World::new(4, &NAMES, 9);
    world.rest(BEAT);
    world.all[0].breakers[0].trip();
    world.rest(BEAT);
    let trip = world.now - BEAT;
    // Another host takes its place, with a clock of its own.
    world.restart(0, true);
    let left = world.all[0].breakers[0].reading().time_left.unwrap();
    assert_eq!(left, Duration::from_millis(60_000 - (world.now - trip)));
    world.rest(2 * BEAT);
    assert_agree(&world);
}

fn bad(names: impl Iterator<Item = String>) -> Vec<u8> {
    let register = |name: String| Register {
        name: Name::new(&name),
        state: State::Open,
        generation: 1,
        failures: 255,
        left: Duration::from_secs(9),
    };
    Report { beat: 1, group: String::new(), registers: names.map(register).collect() }.encode()
}

#[test]
fn what_a_member_remembers_is_bounded_and_it_counts_whom_it_left_out() {
    let mut member = Member::new(FleetConfig::new("here").build().unwrap());
    let mut hear = |instance: String, bytes: &[u8], at: u64| {
        let news = News { instance, bytes: bytes.into(), age: Duration::ZERO };
        member.hear(&news, Duration::from_secs(at)).unwrap();
        (member.peers().alive(), member.peers().left_out())
    };
    // Ten instances with a thousand breakers each, all of other names.
    for who in 0..10_u64 {
        hear(format!("wide-{who}"), &bad((0..1_000).map(|it| format!("b{who}-{it}"))), 0);
    }
    let (alive, left_out) = hear("one-more".into(), &bad(std::iter::empty()), 0);
    assert_eq!((alive, left_out), (11, 10_000 - 4_096));
    // Five thousand instances: the newcomers are left out.
    let mut last = (0, 0);
    for who in 0..5_000 {
        last = hear(format!("host-{who}"), &bad(std::iter::empty()), 1);
    }
    assert_eq!(last, (4_096, left_out + 11 + 5_000 - 4_096));
    let first = Name::new("b0-0");
    assert_eq!(member.peers().opinion(&first).open, 1);
    assert_eq!(member.peers().opinion(&Name::new("b9-999")), Opinion::default());

    // It learns what is usual. Then all are silent, that fades, and there is room again.
    let none: [&Breaker; 0] = [];
    for second in 1..1_000 {
        member.heed(none, Duration::from_secs(second));
    }
    let bytes = bad((0..1_000).map(|it| format!("new-{it}")));
    let news = News { instance: "new".into(), bytes, age: Duration::ZERO };
    member.hear(&news, Duration::from_secs(1_000)).unwrap();
    assert_eq!(member.peers().alive(), 1);
    assert_eq!(member.peers().opinion(&Name::new("new-999")).open, 1);
    assert_eq!(member.peers().left_out(), last.1);
}

/// A register for which there was no room is not taken back, either.
#[test]
fn only_what_was_counted_is_ever_taken_back() {
    let mut peers = Peers::new(FleetConfig::new("here").build().unwrap());
    let hear = |peers: &mut Peers, who: &str, bytes: &[u8], millis| {
        let report = Report::decode(bytes).unwrap();
        peers.hear(who, report, Duration::from_millis(millis), Duration::ZERO);
    };
    let shop = bad(std::iter::once("shop".into()));
    for who in 0..4 {
        let wide = bad((0..1_024).map(|it| format!("b{who}-{it}")));
        hear(&mut peers, &format!("wide-{who}"), &wide, 0);
    }
    hear(&mut peers, "late", &shop, 2_000);
    assert_eq!(peers.opinion(&Name::new("shop")).open, 0, "there is no room");
    peers.forget_the_silent(Duration::from_secs(4));
    hear(&mut peers, "other", &shop, 4_000);
    assert_eq!(peers.opinion(&Name::new("shop")).open, 1);
    peers.forget_the_silent(Duration::from_secs(6));
    assert_eq!(peers.alive(), 1, "`late` is silent");
    assert_eq!(peers.opinion(&Name::new("shop")).open, 1, "and `other` is not");
}

/// A report that says a thing a thousand times says it once.
#[test]
fn n4_a_breaker_counts_once_for_each_instance() {
    let mut member = Member::new(FleetConfig::new("here").build().unwrap());
    let bytes = bad((0..1_000).map(|_| "shop".into()));
    let news = News { instance: "bad".into(), bytes, age: Duration::ZERO };
    member.hear(&news, Duration::ZERO).unwrap();
    let opinion = member.peers().opinion(&Name::new("shop"));
    assert_eq!(opinion, Opinion { instances: 1, failures: 2, open: 1 });
}

/// Whoever is in trouble is heard first: that is no picture of the fleet.
#[test]
fn n4_a_member_does_not_judge_before_it_knows_the_others() {
    let mut peers = Peers::new(FleetConfig::new("here").build().unwrap());
    let shop = Name::new("shop");
    for who in 0..30 {
        let report = Report::decode(&bad(std::iter::once("shop".into()))).unwrap();
        peers.hear(&format!("host-{who}"), report, Duration::ZERO, Duration::ZERO);
    }
    assert!(!peers.have_seen_enough(&shop, None));
    peers.forget_the_silent(Duration::from_secs(1));
    assert!(peers.have_seen_enough(&shop, None), "all are in trouble");
}

/// In `obey` an outage opens a breaker once: its own probe, or an operator, closes it
/// while the others are still open.
#[test]
fn n2_whoever_obeys_is_opened_once_and_closed_by_its_own_probe() {
    let obey = |name: &str| FleetConfig::new(name).obedience(Obedience::Obey).build().unwrap();
    let mut world = World::with(8, &NAMES, 4, FIVE, obey);
    world.rest(3 * BEAT);
    world.run(BEAT, |world| {
        if world.now.is_multiple_of(100) {
            (0..4).for_each(|number| _ = world.call(number, 0, false));
        }
    });
    assert!(world.all.iter().all(Instance::is_open), "without one failure of its own");
    world.all[7].breakers[0].close();
    world.rest(2 * BEAT);
    assert!(!world.all[7].is_open());
    assert!(world.all[6].is_open());
}

/// Each breaker may have an obedience of its own.
#[test]
fn each_breaker_may_obey_or_not() {
    let mixed = |name: &str| {
        let config = FleetConfig::new(name).obedience(Obedience::Advise);
        let config = config.obedience_of(NAMES[0], Obedience::Obey);
        config.obedience_of(NAMES[1], Obedience::Observe).build().unwrap()
    };
    let mut world = World::with(8, &NAMES, 4, FIVE, mixed);
    world.rest(3 * BEAT);
    world.run(BEAT, |world| {
        if world.now.is_multiple_of(100) {
            for number in 0..4 {
                (0..3).for_each(|breaker| _ = world.call(number, breaker, false));
            }
        }
    });
    let seen = |breaker: usize| {
        let it = &world.all[7].breakers[breaker];
        (it.state(), it.advice().is_some_and(|advice| advice.primed))
    };
    assert_eq!(seen(0), (State::Open, false));
    assert_eq!(seen(1), (State::Closed, false));
    assert_eq!(seen(2), (State::Closed, true));
    let error = FleetConfig::new("a").obedience_of("", Obedience::Obey).build().unwrap_err();
    assert!(error.to_string().starts_with("`obedience_of` names \"\": "), "{error}");
}
