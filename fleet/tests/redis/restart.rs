//! What was open before a restart is open after it, for what remains.

use std::{thread::sleep, time::Duration};

use fusebox::State;
use fusebox_fleet::FleetEvent;

use crate::{
    crew::{Hand, crew},
    eventually,
    server::Server,
};

#[test]
fn every_process_restarts_at_once() {
    let Some(server) = Server::start() else { return };
    let hands = crew(&server.url, 3);
    for hand in &hands {
        hand.fail(5);
    }
    // All have said so.
    sleep(Duration::from_secs(2));
    let left: Vec<_> = hands.iter().map(|it| it.shop.reading().time_left.unwrap()).collect();
    for hand in hands {
        hand.fleet.stop();
    }
    sleep(Duration::from_secs(2));

    let hands: Vec<_> = (0..3).map(|i| Hand::new(&server.url, &format!("host-{i}"))).collect();
    for (hand, left) in hands.iter().zip(left) {
        eventually("it is open again", || hand.shop.state() == State::Open);
        let now = hand.shop.reading().time_left.unwrap();
        println!("{}: {left:?} were left, and now {now:?}", hand.name);
        let gone = left.saturating_sub(now).as_millis();
        assert!((1_500..15_000).contains(&gone), "{now:?} of {left:?}");
        assert_eq!(hand.bank.state(), State::Closed);
        eventually("it is told", || {
            hand.count(|event| matches!(event, FleetEvent::Resumed { .. })) == 1
        });
    }
}

/// The breakers know better than what this instance said in another life.
#[test]
fn a_store_that_comes_late_opens_nothing() {
    let Some(server) = Server::start() else { return };
    let hand = Hand::new(&server.url, "host-0");
    hand.fail(5);
    sleep(Duration::from_secs(2));
    hand.fleet.stop();
    server.signal("-STOP");
    let hand = Hand::new(&server.url, "host-0");
    sleep(Duration::from_secs(4));
    server.signal("-CONT");
    eventually("it connects", || hand.fleet.status().connected);
    assert_eq!(hand.shop.state(), State::Closed);
}

/// The keys outlive the longest wait by ten minutes at least, and end.
#[test]
fn the_keys_outlive_the_longest_wait_and_end() {
    let Some(server) = Server::start() else { return };
    let minutes = |count: u64| count * 60_000;
    let left = |key: &str| server.say::<i64>(&format!("PTTL {key}"));
    let most = i64::try_from(minutes(15) + 60_000).unwrap();
    let hand = Hand::new(&server.url, "host-0");
    eventually("the keys end", || left("{test}:now") > 0 && left("{test}:feed") > 0);
    hand.shop.trip_for(Duration::from_hours(2)).unwrap();
    let hours = i64::try_from(minutes(120)).unwrap();
    eventually("later", || left("{test}:now") > hours + most - 120_000);
    // Another instance, whose breakers are well, puts no earlier end to them.
    let other = Hand::new(&server.url, "host-1");
    eventually("it has spoken", || other.fleet.status().alive == 2);
    for key in ["{test}:now", "{test}:feed"] {
        let left = left(key);
        assert!((hours + most - 180_000..hours + most).contains(&left), "{key}: {left}");
    }
    let _: () = server.say("FLUSHALL");
    eventually("again after a flush", || left("{test}:now") > 0 && left("{test}:feed") > 0);
}
