//! `/metrics`: the panel for Prometheus.

use std::{collections::HashMap, fmt, sync::Arc};

use axum::{
    extract::State as Extract,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use fusebox::{BreakerConfig, Counters, Reading, Setting, State};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, prometheus_text, text},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
    registry::{Registry, Unit},
};
use tokio::sync::watch;

use crate::{
    overview::Row,
    serve::{
        fleet_metrics,
        latest::{Latest, Status},
        limit_metrics, pressure_metrics, trial_metrics,
    },
};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// In the format that the client asks for.
pub(super) async fn get(
    Extract(latest): Extract<watch::Receiver<Arc<Latest>>>,
    headers: HeaderMap,
) -> Response {
    let mut registry = Registry::with_prefix("fusebox");
    registry.register_collector(Box::new(Metrics(Arc::clone(&latest.borrow()))));
    let mut accepted = headers.get_all(header::ACCEPT).iter().filter_map(|it| it.to_str().ok());
    let open_metrics = accepted.any(|accept| accept.contains("application/openmetrics-text"));

    let mut body = String::new();
    let (written, kind) = if open_metrics {
        (text::encode(&mut body, &registry), OPEN_METRICS)
    } else {
        (prometheus_text::encode(&mut body, &registry), prometheus_text::CONTENT_TYPE)
    };
    match written {
        Ok(()) => ([(header::CONTENT_TYPE, kind)], body).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[derive(Debug)]
struct Metrics(Arc<Latest>);

type CounterOf = (&'static str, &'static str, fn(&Counters) -> u64);

const COUNTERS: [CounterOf; 7] = [
    ("failures", "Calls that failed", |it| it.failures),
    ("slow_calls", "Calls that took too long, as far as they were timed", |it| it.slow),
    ("rejections", "Calls that were turned away", |it| it.rejections),
    ("openings", "Openings, forced ones among them", |it| it.openings),
    ("retries", "Further attempts of calls", |it| it.retries),
    ("exhausted_retries", "Calls whose retries gave up", |it| it.exhausted),
    ("fallbacks", "Calls whose fallback was asked", |it| it.fallbacks),
];

/// A gauge, of those breakers that have it.
pub(super) type GaugeOf = (&'static str, &'static str, Option<Unit>, fn(&Row) -> Option<f64>);

const GAUGES: [GaugeOf; 17] = [
    ("score", "How well it does: 100 is well, 0 is open", None, |row| row.score.map(f64::from)),
    ("fault", "Whether something is wrong with its memory", None, |row| {
        Some(if row.reading.fault.is_some() { 1.0 } else { 0.0 })
    }),
    ("failure_score", "The score by which it opens, while closed", None, |row| {
        Some(row.reading.snapshot.score.into())
    }),
    ("nearness_ratio", "That score as a share of the one that opens", None, |row| {
        row.reading.nearness.map(|percent| f64::from(percent) / 100.0)
    }),
    ("probes_in_flight", "Probes in flight, while half-open", None, |row| {
        Some(row.reading.snapshot.probes_in_flight.into())
    }),
    ("open", "For how long it has turned calls away, where it does", Some(Unit::Seconds), |row| {
        row.reading.open_for.map(|time| time.as_secs_f64())
    }),
    (
        "time_left",
        "Until it lets a probe through, without jitter, while open",
        Some(Unit::Seconds),
        |row| row.reading.time_left.map(|time| time.as_secs_f64()),
    ),
    (
        "admitted_ratio",
        "The share of calls that it admits, while it sheds load or lets calls back",
        None,
        |row| row.reading.admits_a_share().then(|| f64::from(row.reading.admits) / 100.0),
    ),
    ("risk_ratio", "How near an alarm is, where it looks ahead: 1 is one", None, |row| {
        let looks_ahead = row.reading.settings.foresight() > fusebox::Foresight::Off;
        looks_ahead.then(|| f64::from(row.reading.risk.percent()) / 100.0)
    }),
    ("shed_ratio", "The share of calls that it sheds, while it sheds load", None, |row| {
        (row.reading.shed > 0).then(|| f64::from(row.reading.shed) / 100.0)
    }),
    (
        "ramp_left",
        "Until it admits every call again, while it lets calls back",
        Some(Unit::Seconds),
        |row| row.reading.ramp_left.map(|time| time.as_secs_f64()),
    ),
    (
        "learned_latency",
        "The time before which 99 of 100 calls are done, as it was learned",
        Some(Unit::Seconds),
        |row| row.reading.learned.latency.map(|time| time.as_secs_f64()),
    ),
    ("learned_baseline", "What that time usually is", Some(Unit::Seconds), |row| {
        row.reading.learned.baseline.map(|time| time.as_secs_f64())
    }),
    (
        "slow_limit",
        "A call that takes longer is slow, by its settings or by what was learned",
        Some(Unit::Seconds),
        |row| row.reading.slow_limit.map(|time| time.as_secs_f64()),
    ),
    (
        "learned_outage",
        "The usual time from an opening to the closing by probes",
        Some(Unit::Seconds),
        |row| row.reading.learned.outage.map(|time| time.as_secs_f64()),
    ),
    (
        "learned_first_probe_ratio",
        "The share of openings whose first probe succeeds",
        None,
        |row| row.reading.learned.first_probe.map(|share| f64::from(share) / 100.0),
    ),
    ("learned_failure_ratio", "The usual share of calls that fail", None, |row| {
        row.reading.learned.failures_ppm.map(|share| f64::from(share) / 1e6)
    }),
];

const STATES: [State; 5] =
    [State::Closed, State::Open, State::HalfOpen, State::ForcedOpen, State::Disabled];

impl Collector for Metrics {
    fn encode(&self, mut to: DescriptorEncoder<'_>) -> fmt::Result {
        let Latest { overview, problem, status, .. } = &*self.0;
        let up = problem.is_none();
        one(&mut to, "panel_up", "Whether the panel's file can be read", flag(up))?;
        one(&mut to, "panel_down", "Whether /health says down", flag(*status == Status::Down))?;
        if let Some(fleet) = &self.0.fleet {
            fleet_metrics::encode(&mut to, fleet)?;
        }
        if !up {
            // What was read last is no reading of now.
            return Ok(());
        }
        if let Some(score) = overview.score {
            one(&mut to, "panel_score", "How well its breakers do", score.into())?;
        }
        if let Some(pressed) = &overview.pressure {
            pressure_metrics::encode(&mut to, pressed)?;
        }
        one(&mut to, "panel_alerts", "What somebody should be told", count(overview.alerts.len()))?;
        one(&mut to, "panel_breakers", "Breakers that are registered", count(overview.rows.len()))?;
        one(&mut to, "panel_slots", "Breakers that there can be", count(overview.capacity))?;
        let help = "Whether somebody froze the tuning of all its breakers";
        one(&mut to, "tuning_frozen", help, flag(overview.tuning_frozen))?;

        let rows = labelled(&overview.rows);
        if rows.is_empty() {
            return Ok(());
        }
        states(&mut to, &rows)?;
        for (name, help, value) in COUNTERS {
            counter(&mut to, name, help, &rows, |row| Some(value(&row.reading.counters)))?;
        }
        let help = "Calls that were let through, where they are counted";
        counter(&mut to, "calls", help, &rows, |row| {
            Some(row.reading.counters.calls).filter(|&calls| calls != 0)
        })?;
        let help = "Calls that were turned away while closed, as load was shed or let back";
        counter(&mut to, "shed_calls", help, &rows, |row| {
            let Reading { settings, counters, .. } = row.reading;
            // From the first moment at which it may: whoever computes a rate needs the 0.
            let may = settings.max_shed() > 0 || !settings.ramp_up().is_zero();
            (may || counters.shed > 0).then_some(counters.shed)
        })?;
        for (name, help, unit, value) in GAUGES {
            gauge(&mut to, name, help, unit.as_ref(), &rows, value)?;
        }
        for (at, setting) in BreakerConfig::TABLE.iter().enumerate() {
            let (name, unit, scale) = in_base_units(setting);
            gauge(&mut to, &name, setting.text(), unit.as_ref(), &rows, |row| {
                let (_, value) = row.reading.settings.values().nth(at)?;
                #[allow(clippy::cast_precision_loss)] // no setting comes near 2^52
                Some(value as f64 / scale)
            })?;
        }
        trial_metrics::encode(&mut to, &rows)?;
        limit_metrics::encode(&mut to, &rows)
    }
}

/// The metric of a setting, in a base unit of Prometheus: its name, its unit, and
/// how many of the setting's own units make one.
fn in_base_units(setting: &Setting) -> (String, Option<Unit>, f64) {
    let name = format!("setting_{}", setting.name());
    match setting.unit() {
        fusebox::Unit::Percent => (format!("{name}_ratio"), None, 100.0),
        fusebox::Unit::Milliseconds => (name, Some(Unit::Seconds), 1e3),
        fusebox::Unit::Nanoseconds => (name, Some(Unit::Seconds), 1e9),
        _ => (name, None, 1.0),
    }
}

/// A breaker, and its value of the label `breaker`.
pub(super) type Labelled<'a> = (String, &'a Row);

/// Each breaker with a label of its own: two series of one name would spoil
/// all of them, and a foreign writer can give two breakers one name.
fn labelled(rows: &[Row]) -> Vec<Labelled<'_>> {
    let mut seen = HashMap::new();
    rows.iter()
        .map(|row| {
            let name = row.reading.name.map_or_else(|| row.label.clone(), |name| name.to_string());
            let times: &mut u32 = seen.entry(name.clone()).or_default();
            *times += 1;
            (if *times == 1 { name } else { format!("{name} (slot {})", row.slot) }, row)
        })
        .collect()
}

pub(super) fn one(
    to: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    value: f64,
) -> fmt::Result {
    ConstGauge::new(value).encode(to.encode_descriptor(name, help, None, MetricType::Gauge)?)
}

/// One series for each state, of which one is 1.
fn states(to: &mut DescriptorEncoder<'_>, rows: &[Labelled<'_>]) -> fmt::Result {
    let help = "Its state: 1 where it is this one";
    let mut family = to.encode_descriptor("breaker_state", help, None, MetricType::Gauge)?;
    for (breaker, row) in rows {
        for state in STATES {
            let labels = [("breaker", breaker.clone()), ("state", state.to_string())];
            let value = flag(row.reading.snapshot.state == state);
            ConstGauge::new(value).encode(family.encode_family(&labels)?)?;
        }
    }
    Ok(())
}

pub(super) fn counter(
    to: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    rows: &[Labelled<'_>],
    value: impl Fn(&Row) -> Option<u64>,
) -> fmt::Result {
    let name = format!("breaker_{name}");
    let series = series(rows, value);
    if series.is_empty() {
        return Ok(());
    }
    let mut family = to.encode_descriptor(&name, help, None, MetricType::Counter)?;
    for (labels, value) in series {
        ConstCounter::new(value).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

pub(super) fn gauge(
    to: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    unit: Option<&Unit>,
    rows: &[Labelled<'_>],
    value: impl Fn(&Row) -> Option<f64>,
) -> fmt::Result {
    let name = format!("breaker_{name}");
    let series = series(rows, value);
    if series.is_empty() {
        return Ok(());
    }
    let mut family = to.encode_descriptor(&name, help, unit, MetricType::Gauge)?;
    for (labels, value) in series {
        ConstGauge::new(value).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

/// The breakers that have a value. Where none has, there is no family: some
/// parsers stumble over one without series.
fn series<'a, T>(
    rows: &'a [Labelled<'_>],
    value: impl Fn(&Row) -> Option<T>,
) -> Vec<([(&'static str, &'a str); 1], T)> {
    rows.iter()
        .filter_map(|(breaker, row)| Some(([("breaker", breaker.as_str())], value(row)?)))
        .collect()
}

pub(super) const fn flag(set: bool) -> f64 {
    if set { 1.0 } else { 0.0 }
}

#[allow(clippy::cast_precision_loss)] // far below 2^52
pub(super) const fn count(number: usize) -> f64 {
    number as f64
}
