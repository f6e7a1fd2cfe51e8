//! The fleet for Prometheus: so many series and no more, however large it is.

use std::fmt;

use fusebox::State;
use prometheus_client::{
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, gauge::ConstGauge},
    registry::Unit,
};

use crate::{
    fleet::{
        view::{Breaker, Instance, turns_away},
        watcher::Latest,
    },
    serve::metrics::{count, flag, one},
};

/// So many breakers, and so many instances, have series of their own.
const BREAKERS: usize = 100;
const INSTANCES: usize = 200;
/// So many pairs of an instance and a breaker have one.
const PAIRS: usize = 1_000;

type CountOf = (&'static str, fn(&Breaker) -> usize);

const STATES: [CountOf; 5] = [
    ("open", |it| it.open),
    ("half-open", |it| it.half_open),
    ("forced open", |it| it.forced),
    ("disabled", |it| it.disabled),
    ("primed", |it| it.primed),
];

/// Writes all families that have series.
pub(super) fn encode(to: &mut DescriptorEncoder<'_>, fleet: &Latest) -> fmt::Result {
    let up = fleet.problem.is_none() && fleet.read.is_some();
    one(to, "fleet_store_up", "Whether the fleet's store can be read", flag(up))?;
    one(to, "fleet_alerts", "What somebody should be told of it", count(fleet.alerts.len()))?;
    if !up {
        // What was read last is no reading of now.
        return Ok(());
    }
    let view = &fleet.view;
    let (breakers, instances) = (&view.breakers, &view.instances);
    one(to, "fleet_instances", "Instances that are alive", count(instances.len()))?;
    one(to, "fleet_breakers_unwell", "Breakers not well anywhere", count(breakers.len()))?;
    let pairs: Vec<_> = instances.iter().flat_map(pairs_of).collect();
    let left_out = breakers.len().saturating_sub(BREAKERS)
        + instances.len().saturating_sub(INSTANCES)
        + pairs.len().saturating_sub(PAIRS);
    one(to, "fleet_left_out", "What has no series, as there are too many", count(left_out))?;
    of_breakers(to, &breakers[..breakers.len().min(BREAKERS)])?;
    of_instances(to, &instances[..instances.len().min(INSTANCES)])?;
    if pairs.is_empty() {
        return Ok(());
    }
    let help = "A breaker that turns calls away on an instance";
    let mut family = to.encode_descriptor("fleet_breaker_open", help, None, MetricType::Gauge)?;
    for (instance, breaker) in pairs.into_iter().take(PAIRS) {
        let labels = [("instance", instance), ("breaker", breaker)];
        ConstGauge::new(1.0).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

fn pairs_of(instance: &Instance) -> impl Iterator<Item = (&str, &str)> {
    let open = instance.registers.iter().filter(|it| turns_away(it.state));
    open.map(|it| (instance.label.as_str(), it.name.as_str()))
}

fn of_breakers(to: &mut DescriptorEncoder<'_>, breakers: &[Breaker]) -> fmt::Result {
    if breakers.is_empty() {
        return Ok(());
    }
    let help = "On how many instances a breaker is so";
    let mut family =
        to.encode_descriptor("fleet_breaker_instances", help, None, MetricType::Gauge)?;
    for breaker in breakers {
        for (state, number) in STATES {
            let labels = [("breaker", breaker.name.as_str()), ("state", state)];
            ConstGauge::new(count(number(breaker))).encode(family.encode_family(&labels)?)?;
        }
    }
    let help = "Failures that all have seen together, each instance's up to the cap";
    let mut family =
        to.encode_descriptor("fleet_breaker_failures", help, None, MetricType::Gauge)?;
    for breaker in breakers {
        let labels = [("breaker", breaker.name.as_str())];
        let failures = f64::from(breaker.failures);
        ConstGauge::new(failures).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

fn of_instances(to: &mut DescriptorEncoder<'_>, instances: &[Instance]) -> fmt::Result {
    if instances.is_empty() {
        return Ok(());
    }
    let help = "How old the last word of an instance is";
    let unit = Unit::Seconds;
    let mut family =
        to.encode_descriptor("fleet_instance_age", help, Some(&unit), MetricType::Gauge)?;
    for instance in instances {
        let labels = [("instance", instance.label.as_str()), ("group", &instance.group)];
        ConstGauge::new(instance.age.as_secs_f64()).encode(family.encode_family(&labels)?)?;
    }
    for (name, help, is_it) in KINDS {
        let mut family = to.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for instance in instances {
            let labels = [("instance", instance.label.as_str()), ("group", &instance.group)];
            let number = instance.registers.iter().filter(|it| is_it(it.state)).count();
            ConstGauge::new(count(number)).encode(family.encode_family(&labels)?)?;
        }
    }
    Ok(())
}

type KindOf = (&'static str, &'static str, fn(State) -> bool);

const KINDS: [KindOf; 2] = [
    ("fleet_instance_breakers_open", "Breakers that turn calls away on an instance", turns_away),
    ("fleet_instance_breakers_unwell", "Breakers that are not well on an instance", |_| true),
];
