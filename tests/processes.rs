//! Processes and devices draw jitter of their own: R10, B18. Each test runs
//! itself again, as the processes that it compares.

// Under an emulator a test cannot run itself again.
#![cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]

mod common;

use std::{env, process::Command};

use common::config;
use fusebox::{BackoffConfig, DefaultObserver, ManualClock, Registry, set_seed};

/// Set for a child: the seed that it sets, or nothing.
const CHILD: &str = "FUSEBOX_JITTER_TEST_CHILD";
/// What a child has drawn stands after this.
const DRAWN: &str = "drawn: ";

/// In a child, prints what is drawn there, and is `None`; in the test itself, a
/// function that starts a child with a seed and returns what it has drawn.
fn children(test: &'static str, draw: fn() -> String) -> Option<impl Fn(Option<u64>) -> String> {
    if let Ok(seed) = env::var(CHILD) {
        if let Ok(seed) = seed.parse() {
            set_seed(seed);
        }
        println!("{DRAWN}{}", draw());
        return None;
    }
    Some(move |seed: Option<u64>| {
        let output = Command::new(env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .env(CHILD, seed.map(|seed| seed.to_string()).unwrap_or_default())
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let drawn = said.lines().find_map(|line| Some(line.split_once(DRAWN)?.1.to_owned()));
        drawn.unwrap_or_else(|| panic!("it drew nothing: {said}"))
    })
}

/// The delays of a retry.
fn delays() -> String {
    format!("{:?}", BackoffConfig::new().build().into_iter().take(4).collect::<Vec<_>>())
}

/// The waits of a breaker's first openings. It stands in a registry: one that
/// stands alone is told from others by its address, which each process chooses.
fn waits() -> String {
    let clock = ManualClock::new();
    let panel: Registry<1, _, _> = Registry::with(&&clock, &DefaultObserver);
    let settings = config().failure_threshold(1).recovery_jitter(100).build();
    let breaker = panel.get_or_register("shop", settings).unwrap();
    let wait = |_| {
        breaker.close();
        breaker.try_acquire().unwrap().failure();
        breaker.try_acquire().map(drop).unwrap_err().retry_after().unwrap()
    };
    format!("{:?}", (0..4).map(wait).collect::<Vec<_>>())
}

#[test]
fn r10_two_processes_do_not_share_a_sequence() {
    if let Some(drawn) = children("r10_two_processes_do_not_share_a_sequence", delays) {
        assert_ne!(drawn(None), drawn(None));
    }
}

/// A device without std has no entropy but what it is given.
#[test]
fn r10_two_devices_with_seeds_of_their_own_do_not_share_a_sequence() {
    let test = "r10_two_devices_with_seeds_of_their_own_do_not_share_a_sequence";
    if let Some(drawn) = children(test, delays) {
        let first = drawn(Some(1));
        assert_ne!(first, drawn(Some(2)));
        assert_eq!(first, drawn(Some(1)), "a device can be made to repeat itself");
    }
}

#[test]
fn b18_two_processes_draw_different_waits() {
    if let Some(drawn) = children("b18_two_processes_draw_different_waits", waits) {
        assert_ne!(drawn(None), drawn(None));
        let first = drawn(Some(1));
        assert_ne!(first, drawn(Some(2)));
        assert_eq!(first, drawn(Some(1)), "the seed, the name and the opening decide");
    }
}
