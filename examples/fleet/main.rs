//! A fleet of instances that share what they know of an outage, over a real Redis: a
//! real server that fails, N processes of several threads, and the same schedule three
//! times: each instance alone, all sharing, and all sharing while Redis is killed in the
//! middle of the outage. Then a design that others have published, re-enacted beside it
//! on the same Redis.
//!
//! `cargo run --release --example fleet` takes about 50 seconds, prints two tables, and
//! draws `fleet.svg`. It needs `redis-server`. `--help` lists the options.

// Counts and times far below the range where a cast would lose anything.
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
#![allow(missing_docs, unreachable_pub)] // a program, not a library

// Where the processes end with the one that started them.
#[cfg(all(target_os = "linux", target_has_atomic = "64"))]
mod show;

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(all(target_os = "linux", target_has_atomic = "64"))]
    return show::main();
    #[cfg(not(all(target_os = "linux", target_has_atomic = "64")))]
    {
        eprintln!("this example starts and kills a Redis and its clients on Linux: not here");
        ExitCode::FAILURE
    }
}
