//! A fleet over a real Redis, which the tests start, stop and kill. Where there is no
//! `redis-server`, or a network of its own is not allowed, a test says that it is left out.

mod crew;
mod healthy;
mod hostile;
mod many_servers;
mod network;
mod orders;
mod outages;
mod partition;
mod probes;
mod process;
mod quota;
mod restart;
mod server;
mod sharing;
mod spread;
mod store;
mod storms;
mod strangers;
#[cfg(feature = "tls")]
mod tls;

use std::{
    io::Write,
    time::{Duration, Instant},
};

/// Says that a test is left out, and why, even where what tests print is not shown.
fn left_out(why: &str) {
    let test = std::thread::current();
    let test = test.name().unwrap_or_default();
    let line = format!("LEFT OUT, NOT PASSED: {test}: {why}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

/// Waits until something holds, for ten seconds at most.
#[track_caller]
fn eventually(what: &str, holds: impl FnMut() -> bool) -> Duration {
    within(Duration::from_secs(10), what, holds)
}

#[track_caller]
fn within(most: Duration, what: &str, mut holds: impl FnMut() -> bool) -> Duration {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < most, "not within {most:?}: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
    began.elapsed()
}
