//! Somebody fills the store, to fill the instances' memory.

use std::{thread::sleep, time::Duration};

use fusebox::{Name, State};
use fusebox_fleet::{Register, Report};

use crate::{process::Process, server::Server, within};

const SECOND: Duration = Duration::from_secs(1);
/// What `SECURITY.md` promises, in KiB.
const MOST: u64 = 32 << 10;

/// Runs a script, which makes at the server what nobody has to send.
fn script(server: &Server, text: &str) {
    let _: redis::Value = server.run(&[b"EVAL", text.as_bytes(), b"0"]);
}

/// The longest report that there is: others' registers of breakers that nobody has.
fn longest(number: u32) -> Vec<u8> {
    let register = |i: usize| Register {
        name: Name::try_new(&format!("{i:0>48}-{number:0>15}")).unwrap(),
        state: State::Closed,
        generation: 1,
        failures: 1,
        left: Duration::ZERO,
    };
    let group = String::new();
    Report { beat: 1, group, registers: (0..Report::MOST).map(register).collect() }.encode()
}

#[test]
fn the_memory_of_an_instance_is_bounded_whatever_is_in_the_store() {
    let Some(server) = Server::start() else { return };
    let mut process = Process::begin(&[], &server.url, "host-0");
    process.ask("join");
    let stands = |process: &mut Process, what: &str| {
        within(SECOND * 30, what, || process.standing().connected);
    };
    stands(&mut process, "it connects");
    sleep(SECOND * 2);
    let before = process.peak();
    let grew = |process: &mut Process, what: &str| {
        sleep(SECOND);
        let grew = process.peak() - before;
        println!("{what}: its peak grew by {grew} KiB, from {before} KiB");
        assert!(grew < MOST, "{what}: {grew} KiB");
    };

    script(
        &server,
        "local big = string.rep('x', 256 * 1024 * 1024)
        redis.call('HSET', '{test}:now', 'noise', big)
        redis.call('HSET', '{test}:now', string.rep('n', 64 * 1024 * 1024), 'name')
        redis.call('XADD', '{test}:feed', '*', 'instance', 'noise', 'report', big)",
    );
    grew(&mut process, "values of 256 MiB");
    let _: usize = server.say("CLIENT KILL TYPE normal");
    stands(&mut process, "it connects to what is there");
    grew(&mut process, "values of 256 MiB, as it connects");
    let _: () = server.say("FLUSHALL");

    script(
        &server,
        "for i = 1, 100000 do
          redis.call('XADD', '{test}:feed', '*', 'instance', i, 'report', string.rep('x', 1000))
        end",
    );
    grew(&mut process, "100 000 entries of a kilobyte");
    let _: () = server.say("FLUSHALL");

    // As long as reports are, and as many as are read: each with breakers of its own.
    for number in 0..110 {
        let word = [&u64::MAX.to_le_bytes()[..], &longest(number)].concat();
        let _: usize = server.run(&[b"HSET", b"{test}:now", number.to_string().as_bytes(), &word]);
    }
    let _: usize = server.say("CLIENT KILL TYPE normal");
    stands(&mut process, "it connects to what is there");
    within(SECOND * 10, "it knows them", || process.standing().alive > 100);
    grew(&mut process, "8 MiB of reports");
    for number in 0..1_000 {
        let report = longest(number);
        let name = format!("feed-{number}");
        let name = name.as_bytes();
        let _: String =
            server.run(&[b"XADD", b"{test}:feed", b"*", b"instance", name, b"report", &report]);
    }
    grew(&mut process, "1 000 of the longest reports");

    // More than is read is told, and local work goes on.
    for number in 0..150 {
        let word = [&u64::MAX.to_le_bytes()[..], &longest(number)].concat();
        let _: usize = server.run(&[b"HSET", b"{test}:now", number.to_string().as_bytes(), &word]);
    }
    let _: usize = server.say("CLIENT KILL TYPE normal");
    within(SECOND * 10, "it is too much", || !process.standing().connected);
    grew(&mut process, "more than 8 MiB of reports");
    let measured = process.measured();
    assert!(measured.failed == 0 && measured.bare.count() > 1_000);
    println!("p99 of its calls: {} ns", measured.bare.of_a_thousand(990));
    let _: () = server.say("FLUSHALL");
    stands(&mut process, "it connects again");
}
