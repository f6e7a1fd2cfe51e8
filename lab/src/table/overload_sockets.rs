//! A server of sleeping workers behind an intake and without, on real sockets.

use core::time::Duration;
use std::io;

use fusebox::{Intake, IntakeConfig};

use crate::{
    intake::{Came, End},
    sockets::overload::{self, Demand},
    table::{Table, ratio, share},
};

const WORKERS: u32 = 16;
/// What a call takes a worker, and the longest wait of the intake, as its docs advise.
const TAKES: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_millis(500);
/// So much of a run is not counted.
const FIRST: Duration = Duration::from_millis(500);

/// What became of the calls of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    /// The calls that were answered in half a second, in parts of what the server can do.
    pub goodput: f64,
    /// The 99th percentile of the times of calls that were answered; `None` where none was.
    pub p99: Option<Duration>,
    /// The shares of calls of each level that were answered in time.
    pub kept: [f64; 4],
}

/// Runs a server of 16 workers that sleep for 20 ms, at this load and for so long, behind an
/// intake or without one.
///
/// # Errors
/// Where no socket can be had.
pub fn run(guarded: bool, load: f64, lasts: Duration) -> io::Result<Seen> {
    let intake = Intake::new(IntakeConfig::new().workers(WORKERS).max_wait(TAKES).build());
    let demand = Demand {
        workers: WORKERS as usize,
        takes: TAKES,
        load,
        lasts,
        patience: PATIENCE,
        mix: super::overload::MIX,
    };
    let calls = overload::run(guarded.then_some(&intake), demand, 1)?;
    Ok(seen(&calls, lasts))
}

fn seen(calls: &[Came], lasts: Duration) -> Seen {
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let first = micros(FIRST);
    let counted = calls.iter().filter(|call| call.at >= first);
    let answered = |call: &&Came| match call.end {
        Some(End::Answered(after)) if after <= micros(PATIENCE) => Some(after),
        _ => None,
    };
    let in_time = counted.clone().filter(|call| answered(call).is_some()).count();
    let most = lasts.saturating_sub(FIRST).as_secs_f64() * f64::from(WORKERS) / TAKES.as_secs_f64();
    let mut times: Vec<_> = counted
        .clone()
        .filter_map(|call| match call.end {
            Some(End::Answered(after)) => Some(after),
            _ => None,
        })
        .collect();
    times.sort_unstable();
    let p99 = times.get(times.len() * 99 / 100).map(|micros| Duration::from_micros(*micros));
    let kept = [0, 1, 2, 3].map(|level| {
        let of_it = counted.clone().filter(|call| call.level == level);
        let kept = of_it.clone().filter(|call| answered(call).is_some()).count();
        ratio(kept as u64, of_it.count() as u64)
    });
    Seen { goodput: ratio(in_time as u64, 1) / most, p99, kept }
}

/// Runs all rows of the table, each for 4 s; `progress` is told of each.
///
/// # Errors
/// Where no socket can be had.
pub fn table(mut progress: impl FnMut(&str)) -> io::Result<Table> {
    let mut table = Table::new([
        "load, guard",
        "answered in time",
        "p99",
        "critical, default, sheddable, background kept",
    ]);
    for (load, guarded) in [(0.5, false), (2.0, false), (2.0, true), (4.0, false), (4.0, true)] {
        let name = format!("× {load}, {}", if guarded { "intake" } else { "none" });
        progress(&name);
        let Seen { goodput, p99, kept } = run(guarded, load, Duration::from_secs(4))?;
        let p99 = p99.map_or("-".into(), |p99| format!("{:.1} ms", p99.as_secs_f64() * 1e3));
        table.row([name, share(goodput), p99, kept.map(share).join(", ")]);
    }
    Ok(table)
}
