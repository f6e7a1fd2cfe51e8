//! What is tried on a breaker, for Prometheus: its drill, its shadow, and whether it may learn.

use std::fmt;

use fusebox::ShadowReading;
use prometheus_client::{encoding::DescriptorEncoder, registry::Unit};

use crate::{
    overview::Row,
    serve::metrics::{GaugeOf, Labelled, counter, flag, gauge},
};

const GAUGES: [GaugeOf; 5] = [
    ("drill_left", "Until its drill ends, while one is under way", Some(Unit::Seconds), |row| {
        row.reading.drill.map(|it| it.left.as_secs_f64())
    }),
    ("drill_calls", "Calls that came during its drill, while one is under way", None, |row| {
        row.reading.drill.map(|it| number(it.calls))
    }),
    ("drill_faults", "Those of them that got a fault", None, |row| {
        row.reading.drill.map(|it| number(it.faults))
    }),
    (
        "shadow_refuses",
        "Whether its shadow would refuse calls now, where it has one",
        None,
        |row| {
            let refuses = |it: ShadowReading| it.snapshot.state != fusebox::State::Closed;
            row.reading.shadow.map(|it| flag(refuses(it)))
        },
    ),
    ("learning_frozen", "Whether somebody froze what it learns", None, |row| {
        Some(flag(row.reading.learned.frozen))
    }),
];

type CountOf = (&'static str, &'static str, fn(&ShadowReading) -> u64);

const COUNTERS: [CountOf; 4] = [
    ("shadow_saved", "Calls that failed, and that its shadow would have refused", |it| it.saved),
    ("shadow_lost", "Calls that succeeded, and that its shadow would have refused", |it| it.lost),
    ("shadow_passed", "Calls that failed, and that its shadow would have admitted", |it| it.passed),
    ("shadow_unknown", "Calls that it turned away, of which its shadow knows nothing", |it| {
        it.unknown
    }),
];

/// What there is of these breakers.
pub(super) fn encode(to: &mut DescriptorEncoder<'_>, rows: &[Labelled<'_>]) -> fmt::Result {
    for (name, help, unit, value) in GAUGES {
        gauge(to, name, help, unit.as_ref(), rows, value)?;
    }
    for (name, help, value) in COUNTERS {
        counter(to, name, help, rows, |row: &Row| row.reading.shadow.as_ref().map(value))?;
    }
    Ok(())
}

#[allow(clippy::cast_precision_loss)] // far below 2^52
const fn number(calls: u64) -> f64 {
    calls as f64
}
