//! Model M26: of racing calls that teach a quantile none is lost.

use std::time::Duration;

use fusebox::{LatencyQuantile, QuantileConfig, planted::Defect};
use loom::{sync::Arc, thread};
use loom_tests::{catches, check, claim};

const SLOW: Duration = Duration::from_millis(900);
const QUICK: Duration = Duration::from_micros(10);

fn quantile() -> LatencyQuantile {
    LatencyQuantile::new(QuantileConfig::new().at_least(QUICK / 5).build())
}

/// What is learned from these, one after the other.
fn after(latencies: [Duration; 3]) -> Duration {
    let learned = quantile();
    for latency in latencies {
        learned.observe(latency);
    }
    learned.get()
}

/// One call is known; then a slow one and another report at a time.
fn race(other: Duration) {
    let learned = Arc::new(quantile());
    learned.observe(SLOW);
    let reporter = {
        let learned = Arc::clone(&learned);
        thread::spawn(move || learned.observe(SLOW))
    };
    learned.observe(other);
    reporter.join().unwrap();
    let orders = [after([SLOW, SLOW, other]), after([SLOW, other, SLOW])];
    claim!(orders.contains(&learned.get()), "{:?} is of no order: {orders:?}", learned.get());
}

fn two_that_outlast() {
    race(SLOW);
}

fn one_that_outlasts_and_one_that_does_not() {
    race(QUICK);
}

#[test]
fn of_racing_reports_none_is_lost() {
    check(two_that_outlast);
    check(one_that_outlasts_and_one_that_does_not);
}

#[test]
fn a_store_loses_one() {
    catches(Defect::LearnedByStore, two_that_outlast);
    catches(Defect::LearnedByStore, one_that_outlasts_and_one_that_does_not);
}
