//! Several processes of one host share what they know of an outage: a real
//! server, N single-threaded workers, each a process of its own, and the same
//! schedule twice, first each with a breaker of its own, then all with one shared
//! panel.
//!
//! `cargo run --release --example host` takes about 25 seconds and prints a
//! table. `--help` lists the options.

// Counts and times far below the range where a cast would lose anything.
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
#![allow(missing_docs, unreachable_pub)] // a program, not a library

// Where fusebox-shm runs.
#[cfg(all(target_os = "linux", target_has_atomic = "64"))]
mod show;

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(all(target_os = "linux", target_has_atomic = "64"))]
    return show::main();
    #[cfg(not(all(target_os = "linux", target_has_atomic = "64")))]
    {
        eprintln!("processes share breakers on Linux, with 64-bit atomics: not here");
        ExitCode::FAILURE
    }
}
