//! Fleets in virtual time, smaller than those of the page.

use fusebox_fleet::Obedience::{Advise, Obey, Observe};
use fusebox_lab::fleet::{Fault, Healing, Outage, Poison, Probing, Sharing, Store};

fn failed(sharing: Sharing) -> u64 {
    Outage::run(60, 1.0, sharing, 1).all_failed()
}

#[test]
fn what_is_shared_decides_how_many_calls_fail() {
    // Five of each.
    assert_eq!(failed(Sharing::None), 300);
    assert_eq!(failed(Sharing::Failures(Observe)), 300);
    let [openings, advise, obey] =
        [Sharing::Openings(3), Sharing::Failures(Advise), Sharing::Failures(Obey)].map(failed);
    assert!(openings < 300 && advise < openings && obey < advise, "{openings} {advise} {obey}");
    // One of each at least, where each decides by a failure of its own.
    assert!((60..=100).contains(&advise), "{advise}");
    assert!((22..=60).contains(&obey), "{obey}");
}

#[test]
fn the_same_seed_gives_the_same_figures() {
    let run = |seed| Outage::run(60, 10.0, Sharing::Failures(Advise), seed);
    assert_eq!(run(3), run(3));
    assert_ne!(run(3).failed, run(4).failed);
}

#[test]
fn few_bad_instances_move_nobody_and_three_openings_do() {
    let ours = Poison::run(100, 3, Sharing::Failures(Advise), 1);
    assert_eq!((ours.bad_open, ours.moved, ours.refused), (3, 0, 0));
    let theirs = Poison::run(100, 3, Sharing::Openings(3), 1);
    assert!(theirs.moved > 0 && theirs.refused > 0, "{theirs:?}");
}

#[test]
fn few_probe_while_the_store_answers_and_all_where_it_does_not() {
    let probing = |store| Probing::run(50, 10.0, store, 1).most;
    let up = probing(Store::Up);
    assert!((1..=3).contains(&up), "{up}");
    assert_eq!([Store::None, Store::Down].map(probing), [50, 50]);
}

#[test]
fn all_agree_within_two_heartbeats() {
    for fault in Fault::ALL {
        let healing = Healing::run(20, fault, 1);
        // The way takes 20 ms, and each looks every 10 ms.
        assert!(healing.beats.is_some_and(|beats| beats <= 2.03), "{healing:?}");
    }
}
