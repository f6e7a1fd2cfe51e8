//! What others write into the store: garbage, later versions, this instance's own name.

use std::{thread::sleep, time::Duration};

use fusebox_fleet::{FleetEvent, ReportError};

use crate::{
    crew::{Hand, crew, share_an_outage},
    eventually,
    healthy::Healthy,
    server::Server,
};

fn garbage_of(hand: &Hand, name: &str) -> Vec<ReportError> {
    let events = hand.events().into_iter();
    events
        .filter_map(|event| match event {
            FleetEvent::Garbage { instance, why } if instance == name => Some(why),
            _ => None,
        })
        .collect()
}

#[test]
fn garbage_in_the_feed_is_told_once_and_hurts_nobody() {
    let Some(server) = Server::start() else { return };
    let hands = crew(&server.url, 2);
    let healthy = Healthy::calls(hands[0].bank);
    let add = |instance: &str, report: &[u8]| {
        let words: [&[u8]; 7] =
            [b"XADD", b"{test}:feed", b"*", b"instance", instance.as_bytes(), b"report", report];
        let _: String = server.run(&words);
    };
    for _ in 0..50 {
        add("noise", b"\xff\x00hello");
        add("later", b"fbx\x07and more");
        add("cut", b"fbx\x01\x01");
        // A peer's own name, and one of a control character.
        add("host-1", b"fbx\x01\x02");
        add("\x1b[2J", b"");
        let _: String = server.say("XADD {test}:feed * price 7");
    }
    let expected = [
        ("noise", ReportError::Foreign),
        ("later", ReportError::Version { version: 7 }),
        ("cut", ReportError::Garbled { at: 4 }),
        ("host-1", ReportError::Garbled { at: 4 }),
        ("\x1b[2J", ReportError::Foreign),
        ("", ReportError::Foreign),
    ];
    for (name, why) in expected {
        eventually(name, || !garbage_of(&hands[0], name).is_empty());
        assert_eq!(garbage_of(&hands[0], name), [why]);
    }
    let texts: Vec<_> = hands[0].events().iter().map(ToString::to_string).collect();
    for text in [
        "of the instance \"noise\": these bytes are no report of fusebox's",
        "of the instance \"later\": the report has version 7, and this program knows 1",
        "of the instance \"cut\": the report is garbled at byte 4",
    ] {
        assert!(texts.iter().any(|it| it == text), "{texts:?}");
    }
    assert!(hands[0].events().iter().all(|event| !event.to_string().contains('\x1b')));
    share_an_outage(&hands);
    assert_eq!(hands[0].count(|event| matches!(event, FleetEvent::Lost { .. })), 0);
    healthy.end("garbage");
}

#[test]
fn garbage_in_the_hash_is_told_and_stays_where_it_is() {
    let Some(server) = Server::start() else { return };
    let stamped = |report: &[u8]| [&[0; 8], report].concat();
    let set = |field: &str, value: &[u8]| {
        let words: [&[u8]; 4] = [b"HSET", b"{test}:now", field.as_bytes(), value];
        let _: usize = server.run(&words);
    };
    set("noise", b"x");
    set("later", &stamped(b"fbx\x07"));
    // This instance's own last word.
    set("host-0", &stamped(b"hello"));
    let hands = crew(&server.url, 2);
    assert_eq!(garbage_of(&hands[0], "noise"), [ReportError::Foreign]);
    assert_eq!(garbage_of(&hands[1], "later"), [ReportError::Version { version: 7 }]);
    assert_eq!(garbage_of(&hands[0], "host-0"), [ReportError::Foreign]);
    share_an_outage(&hands);
    let count: usize = server.say("HLEN {test}:now");
    assert_eq!(count, 4);
}

#[test]
fn two_instances_of_one_name_are_told() {
    let Some(server) = Server::start() else { return };
    let is_told = |hand: &Hand| hand.count(|event| *event == FleetEvent::SameName);
    let one = Hand::new(&server.url, "twin");
    let peer = Hand::new(&server.url, "peer");
    eventually("they meet", || one.fleet.status().alive == 2);
    sleep(Duration::from_millis(500));
    assert_eq!(is_told(&one), 0);
    let two = Hand::new(&server.url, "twin");
    eventually("both are told", || is_told(&one) == 1 && is_told(&two) == 1);
    sleep(Duration::from_secs(2));
    assert_eq!((is_told(&one), is_told(&two), is_told(&peer)), (1, 1, 0));
    let said = FleetEvent::SameName.to_string();
    assert_eq!(said, "another instance has the name of this one");
    // A peer takes the two for one.
    assert_eq!(peer.fleet.status().alive, 2);
}

/// The server's clock is centuries ahead, and then it is right again: the instances' own
/// clocks cannot step, and what they hear has the age zero.
#[test]
fn a_clock_of_the_server_that_steps_changes_nothing() {
    let Some(server) = Server::start() else { return };
    let hands = crew(&server.url, 2);
    let healthy = Healthy::calls(hands[0].bank);
    let ahead: [&[u8]; 5] = [b"XADD", b"{test}:feed", b"9999999999999-0", b"price", b"7"];
    let _: String = server.run(&ahead);
    sleep(Duration::from_secs(1));
    let last: Vec<(String, Vec<String>)> = server.say("XREVRANGE {test}:feed + - COUNT 1");
    assert!(last[0].0.starts_with("9999999999999-") && last[0].0 != "9999999999999-0", "{last:?}");
    share_an_outage(&hands);
    let _: usize = server.say("DEL {test}:feed");
    sleep(Duration::from_secs(1));
    share_an_outage(&hands);
    assert!(hands.iter().all(|it| it.fleet.status().alive == 2));
    assert_eq!(hands[0].count(|event| matches!(event, FleetEvent::Lost { .. })), 0);
    healthy.end("a clock that steps");
}
