//! A fleet over a real Redis, which the tests start, stop and kill. Where there is no
//! `redis-server`, they say so and pass.

mod crew;
mod healthy;
mod orders;
mod outages;
mod probes;
mod restart;
mod server;
mod sharing;
mod store;
mod strangers;

use std::time::{Duration, Instant};

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
