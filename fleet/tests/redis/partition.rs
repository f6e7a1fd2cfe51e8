//! Half of a fleet is cut off from the store, in a network of the test's own.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use crate::{network::Network, process::Process, server::Server, storms::Fleet, within};

const SECOND: Duration = Duration::from_secs(1);
/// Two heartbeats, and what this machine takes to ask.
const AGREE: Duration = Duration::from_millis(2_500);

/// The first half sees an outage while the other one is away. After the heal the others
/// know it two heartbeats after they are connected again, and all think the same.
fn heals(fleet: &mut Fleet, heal: impl FnOnce()) {
    for _ in 0..2 {
        fleet.all[..4].iter_mut().for_each(|it| drop(it.ask("fail")));
    }
    within(SECOND * 10, "the first half knows it", || {
        fleet.all[..4].iter_mut().all(|it| it.standing().primed)
    });
    assert!(!fleet.all[4..].iter_mut().any(|it| it.standing().primed));
    heal();
    let healed = Instant::now();
    let (mut connected, mut agrees) = ([None; 4], [None; 4]);
    within(SECOND * 20, "the other half knows it", || {
        for (number, process) in fleet.all[4..].iter_mut().enumerate() {
            let standing = process.standing();
            if standing.connected {
                connected[number].get_or_insert_with(|| healed.elapsed());
            }
            if standing.primed {
                assert_eq!(standing.opinion, (4, 8), "what four saw");
                agrees[number].get_or_insert_with(|| healed.elapsed());
            }
        }
        agrees.iter().all(Option::is_some)
    });
    for (connected, agrees) in connected.into_iter().zip(agrees) {
        let (connected, agrees) = (connected.unwrap(), agrees.unwrap());
        println!("after the heal: connected {connected:.1?}, agrees {agrees:.1?}");
        assert!(agrees.saturating_sub(connected) < AGREE, "{connected:?} {agrees:?}");
    }
    fleet.reset();
}

#[test]
fn n1_n5_no_partition_reaches_a_call_and_all_agree_after_it() {
    let Some(network) = Network::new() else { return };
    let port = 6_379;
    let Some(_server) = Server::start_by(&network.at_store(), port) else { return };
    let [first, second] = [0, 1].map(|half| {
        let url = format!("redis://{}:{port}", Network::address(half));
        (network.at_half(half), url)
    });
    let of = |number: usize| if number < 4 { &first } else { &second };
    let numbers = [0, 1, 2, 3, 4, 5, 6, 7];
    let mut fleet = Fleet::begin(numbers.map(|it| &*of(it).0), numbers.map(|it| &*of(it).1));
    fleet.share_an_outage();

    let is_cut_off = |fleet: &mut Fleet| {
        within(SECOND * 20, "both halves are alone", || {
            let standings = fleet.all.iter_mut().map(Process::standing);
            let all: Vec<_> = standings.map(|it| (it.connected, it.alive)).collect();
            all[..4] == [(true, 4); 4] && all[4..] == [(false, 1); 4]
        });
    };
    fleet.during("half is cut off", |fleet| {
        network.ip("link set half1 down").unwrap();
        is_cut_off(fleet);
        sleep(SECOND * 2);
    });
    fleet.during("the cut heals", |fleet| {
        heals(fleet, || network.ip("link set half1 up").unwrap());
        fleet.all_see();
    });

    // What half of them say arrives, and no answer comes back.
    fleet.during("half hears nothing", |fleet| {
        network.ip("route add blackhole 10.77.1.2").unwrap();
        within(SECOND * 10, "they know", || {
            fleet.all[4..].iter_mut().all(|it| !it.standing().connected)
        });
        sleep(SECOND * 4);
    });
    fleet.during("that heals", |fleet| {
        heals(fleet, || network.ip("route del blackhole 10.77.1.2").unwrap());
        fleet.all_see();
    });

    // What is slow and lossy by chance, or by a queue that is too short.
    let netem = "qdisc add dev half1 root netem delay 100ms 50ms loss 20%";
    let queue = "qdisc add dev half1 root tbf rate 16kbit burst 1600 latency 200ms";
    let by = if network.tc(netem).is_ok() { netem } else { queue };
    if by == queue {
        network.tc(queue).unwrap();
    }
    println!("slow: {by}");
    fleet.during("half is slow and lossy", |fleet| {
        let mut connected = [0; 8];
        for _ in 0..50 {
            sleep(SECOND / 10);
            for (count, process) in connected.iter_mut().zip(&mut fleet.all) {
                *count += u8::from(process.standing().connected);
            }
        }
        println!("connected, in fiftieths of the time: {connected:?}");
        assert_eq!(connected[..4], [50; 4], "the other half is not slow");
    });
    fleet.during("it is fast again", |fleet| {
        network.tc("qdisc del dev half1 root").unwrap();
        println!("all see all after {:?}", fleet.all_see());
        sleep(SECOND);
    });
    fleet.share_an_outage();
}
