//! The limits of a panel's slots, for Prometheus.

use std::fmt;

use fusebox::LimitsReading;
use prometheus_client::{
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
};

use crate::serve::metrics::Labelled;

type GaugeOf = (&'static str, &'static str, fn(&LimitsReading) -> Option<f64>);

const GAUGES: [GaugeOf; 7] = [
    ("rate_limit_per_second", "Calls a second that its rate limit admits", |it| {
        it.rate.map(|it| 1.0 / it.settings.interval().as_secs_f64())
    }),
    ("rate_limit_burst", "Calls that its rate limit admits at once", |it| {
        it.rate.map(|it| it.settings.burst().into())
    }),
    ("budget_share_ratio", "Retries that its budget allows for each call", |it| {
        it.budget.map(|it| f64::from(it.settings.retries()) / f64::from(it.settings.calls()))
    }),
    ("budget_reserve_per_second", "Retries a second that its budget allows besides", |it| {
        it.budget.map(|it| it.settings.reserve_per_second().into())
    }),
    ("budget_available", "Retries that its budget would allow now", |it| {
        it.budget.map(|it| it.available.into())
    }),
    ("bulkhead_limit", "Calls in flight that its bulkhead admits", |it| {
        it.bulkhead.map(|it| it.limit.into())
    }),
    ("bulkhead_in_flight", "Calls in flight in its bulkhead", |it| {
        it.bulkhead.map(|it| it.in_flight.into())
    }),
];

/// The limits of these breakers, as far as they have any.
pub(super) fn encode(to: &mut DescriptorEncoder<'_>, rows: &[Labelled<'_>]) -> fmt::Result {
    let limits: Vec<_> =
        rows.iter().filter_map(|(breaker, row)| Some((breaker.as_str(), row.limits?))).collect();
    let refused: Vec<_> = limits
        .iter()
        .flat_map(|(name, it)| {
            let rate = it.rate.map(|it| (*name, "rate", it.refused));
            rate.into_iter().chain(it.bulkhead.map(|it| (*name, "bulkhead", it.refused)))
        })
        .collect();
    if !refused.is_empty() {
        let help = "Calls that a limit turned away";
        let mut family = to.encode_descriptor("limited", help, None, MetricType::Counter)?;
        for (breaker, kind, refused) in refused {
            let labels = [("breaker", breaker), ("kind", kind)];
            ConstCounter::new(refused).encode(family.encode_family(&labels)?)?;
        }
    }
    let budgets: Vec<_> =
        limits.iter().filter_map(|(name, it)| Some((*name, it.budget?))).collect();
    if !budgets.is_empty() {
        let help = "Retries that a budget refused";
        let mut family = to.encode_descriptor("budget_refused", help, None, MetricType::Counter)?;
        for (breaker, budget) in budgets {
            let labels = [("breaker", breaker)];
            ConstCounter::new(budget.refused).encode(family.encode_family(&labels)?)?;
        }
    }
    for (name, help, value) in GAUGES {
        let series: Vec<_> =
            limits.iter().filter_map(|(breaker, it)| Some((*breaker, value(it)?))).collect();
        if series.is_empty() {
            continue; // some parsers stumble over a family without series
        }
        let mut family = to.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (breaker, value) in series {
            let labels = [("breaker", breaker)];
            ConstGauge::new(value).encode(family.encode_family(&labels)?)?;
        }
    }
    Ok(())
}
