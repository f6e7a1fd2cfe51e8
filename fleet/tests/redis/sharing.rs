//! What some see, the others know.

use std::time::Duration;

use fusebox::State;
use fusebox_fleet::FleetEvent;

use crate::{
    crew::{crew, share_an_outage},
    server::Server,
};

fn rounds(count: u32) {
    let Some(server) = Server::start() else { return };
    let hands = crew(&server.url, count);
    let mut took: Vec<_> = (0..5).map(|_| share_an_outage(&hands)).collect();
    took.sort_unstable();
    println!("{count} instances: the others are primed after {took:?}");
    assert!(took[2] < Duration::from_millis(300), "{took:?}");
    // One event for each outage; and one more where what the others say outlived it.
    let told = hands.last().unwrap().count(|event| matches!(event, FleetEvent::Primed { .. }));
    // And one less where all was well again before it was told.
    assert!((4..=10).contains(&told), "{told}");
}

#[test]
fn two_instances_share_an_outage() {
    rounds(2);
}

#[test]
fn eight_instances_share_an_outage() {
    rounds(8);
}

/// What others say opens nothing by itself, and the bank, of which nobody says anything,
/// is not primed.
#[test]
fn an_own_failure_opens_and_nothing_else() {
    let Some(server) = Server::start() else { return };
    let hands = crew(&server.url, 3);
    hands[0].fail(5);
    hands[1].fail(2);
    crate::eventually("the third is primed", || hands[2].is_primed());
    assert_eq!(hands[0].shop.state(), State::Open);
    assert_eq!(hands[2].shop.state(), State::Closed);
    assert!(hands.iter().all(|it| it.bank.advice().is_none()));
    hands[2].fail(1);
    assert_eq!(hands[2].shop.state(), State::Open);
}
