//! `cargo bench`: what a call through a breaker costs, beside the floors that
//! nothing can beat, in one run. Times drift between runs: compare within one.
#![allow(missing_docs)] // criterion's macros
#![allow(clippy::cast_precision_loss)] // counts far below 2^52

mod budgets;
mod contended;
#[cfg(feature = "macros")]
mod decorated;
mod floors;
mod hedges;
mod limits;
mod policies;
mod rate;
mod registry;
mod relief;
mod uncontended;

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use fusebox::{BreakerConfig, BreakerSettings};

/// Never reached by the failures that a benchmark records between two resets.
const SETTINGS: BreakerSettings =
    BreakerConfig::new().failure_threshold(2_047).recovery_timeout(Duration::from_hours(1)).build();

/// How many operations make one measured iteration, where a single one takes
/// about as long as the loop around it. The figures are per iteration: divide.
const BATCH: u32 = 100;

fn config() -> Criterion {
    Criterion::default()
        .sample_size(50)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
}

#[cfg(feature = "macros")]
use decorated::bench as bench_decorated;
/// Measured with `cargo bench --features macros`.
#[cfg(not(feature = "macros"))]
fn bench_decorated(_: &mut Criterion) {}

criterion_group! {
    name = all;
    config = config();
    targets = floors::bench, uncontended::bench, contended::bench, registry::bench, policies::bench,
        rate::bench, budgets::bench, hedges::bench, limits::bench, relief::bench,
        bench_decorated
}
criterion_main!(all);
