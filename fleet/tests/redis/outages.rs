//! The store dies, hangs, fills and forgets: local work goes on.

use std::{thread::sleep, time::Duration};

use fusebox::State;
use fusebox_fleet::FleetEvent;

use crate::{
    crew::{Hand, all_see, crew, share_an_outage},
    eventually,
    healthy::Healthy,
    server::Server,
};

/// Two instances before, during and after an outage of their store, of which they say why.
fn through(phase: &str, why: &str, harm: impl FnOnce(&mut Server), heal: impl FnOnce(&mut Server)) {
    let Some(mut server) = Server::start() else { return };
    let hands = crew(&server.url, 2);
    share_an_outage(&hands);
    let healthy: Vec<_> = hands.iter().map(|it| Healthy::calls(it.bank)).collect();

    harm(&mut server);
    eventually("both know", || hands.iter().all(|it| !it.fleet.status().connected));
    sleep(Duration::from_secs(2));
    for hand in &hands {
        println!("{}: {:?}", hand.name, hand.fleet.status());
        assert!(hand.fleet.status().last_error.is_some() && hand.fleet.is_running());
        // One event, however often it tried.
        assert_eq!(hand.count(is_lost), 1, "{:?}", hand.events());
        let said = hand.events().into_iter().find(is_lost).unwrap().to_string();
        assert!(said.starts_with("the fleet's store does not answer: "), "{said}");
        assert!(said.contains(why) && said.ends_with("; each breaker decides alone"), "{said}");
        // Each decides alone: the fifth failure opens, not the second.
        hand.fail(4);
        assert_eq!(hand.shop.state(), State::Closed);
        hand.fail(1);
        assert_eq!(hand.shop.state(), State::Open);
        hand.shop.reset();
    }

    heal(&mut server);
    all_see(&hands);
    for (hand, healthy) in hands.iter().zip(healthy) {
        healthy.end(&format!("{phase}, {}", hand.name));
        assert_eq!(hand.count(is_connected), 2, "{:?}", hand.events());
    }
    share_an_outage(&hands);
}

fn is_lost(event: &FleetEvent) -> bool {
    matches!(event, FleetEvent::Lost { .. })
}

fn is_connected(event: &FleetEvent) -> bool {
    matches!(event, FleetEvent::Connected)
}

#[test]
fn it_is_killed() {
    through("killed", "", Server::kill, Server::revive);
}

#[test]
fn it_is_stopped() {
    through("stopped", "", |it| it.signal("-STOP"), |it| it.signal("-CONT"));
}

#[test]
fn its_memory_is_full() {
    let set = |bytes| move |it: &mut Server| it.say(&format!("CONFIG SET maxmemory {bytes}"));
    through("full", "OOM", set(1), set(0));
}

#[test]
fn another_application_has_its_hash() {
    through(
        "a foreign hash",
        "WRONGTYPE",
        |it| {
            let _: () = it.say("SET {test}:now something");
        },
        |it| it.say("DEL {test}:now"),
    );
}

#[test]
fn another_application_has_its_feed() {
    through(
        "a foreign feed",
        "WRONGTYPE",
        |it| {
            let _: () = it.say("SET {test}:feed something");
        },
        |it| it.say("DEL {test}:feed"),
    );
}

/// What the store survives without an outage: its clients come back, or find what was lost.
fn survives(phase: &str, harm: impl Fn(&Server)) {
    let Some(server) = Server::start() else { return };
    let hands = crew(&server.url, 2);
    let healthy: Vec<_> = hands.iter().map(|it| Healthy::calls(it.bank)).collect();
    for _ in 0..5 {
        harm(&server);
        sleep(Duration::from_millis(200));
    }
    all_see(&hands);
    share_an_outage(&hands);
    for (hand, healthy) in hands.iter().zip(healthy) {
        healthy.end(&format!("{phase}, {}", hand.name));
    }
    let count: usize = server.say("HLEN {test}:now");
    assert_eq!(count, 2);
}

#[test]
fn its_clients_are_killed() {
    survives("clients killed", |it| {
        let _: usize = it.say("CLIENT KILL TYPE normal");
    });
}

#[test]
fn it_is_emptied() {
    survives("emptied", |it| it.say("FLUSHALL"));
}

#[test]
fn a_wrong_password_is_told_and_local_work_goes_on() {
    let Some(server) = Server::start_with_password() else { return };
    let hand = Hand::new(&server.url, "host-0");
    let healthy = Healthy::calls(hand.bank);
    eventually("it is told", || hand.count(is_lost) == 1);
    hand.fail(5);
    assert_eq!(hand.shop.state(), State::Open);
    let why = hand.fleet.status().last_error.unwrap();
    println!("{why}");
    assert!(!why.contains(":wrong") && why.contains("WRONGPASS"), "{why}");
    sleep(Duration::from_secs(1));
    assert_eq!(hand.count(is_lost), 1);
    healthy.end("a wrong password");

    let right = Hand::new(&server.url.replace("wrong", "right"), "host-1");
    eventually("the right one connects", || right.fleet.status().connected);
}

/// Nothing of the fleet is up when it begins.
#[test]
fn it_comes_later_than_its_clients() {
    let Some(mut server) = Server::start() else { return };
    server.kill();
    let hands = ["host-0", "host-1"].map(|name| Hand::new(&server.url, name));
    eventually("both know", || hands.iter().all(|it| it.count(is_lost) == 1));
    assert!(hands[0].events()[0].to_string().contains("Connection refused"));
    server.revive();
    all_see(&hands);
    share_an_outage(&hands);
}
