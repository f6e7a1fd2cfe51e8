//! A fleet of a thousand instances: an outage, instances that are broken themselves,
//! probes, and how soon all agree again.

use std::time::Duration;

use fusebox_fleet::Obedience;

use crate::{
    bounds::Figure,
    fleet::{Outage, Sharing, Store, Study},
    plot::{Line, Plot},
    table::Table,
};

/// What `Advise` is to reach, by the calls a second of each instance: the fleet knows within
/// so many milliseconds, and so many calls fail until all breakers are open.
const TO_REACH: [(f64, u64, u64); 3] = [(0.1, 300, 1_100), (1.0, 150, 1_100), (10.0, 120, 1_600)];
const ADVISE: Sharing = Sharing::Failures(Obedience::Advise);

fn to_reach(outage: &Outage) -> Option<(Duration, u64)> {
    let at_rate = TO_REACH.into_iter().find(|it| it.0.total_cmp(&outage.per_second).is_eq());
    let (_, known, failed) = at_rate.filter(|_| outage.sharing == ADVISE)?;
    Some((Duration::from_millis(known), failed))
}

/// An outage, by the rate of calls and by what is shared.
#[must_use]
pub fn outages(study: &Study) -> Table {
    let mut table = Table::new([
        "calls a second of each, sharing",
        "the fleet knows after",
        "failed calls by then",
        "all are open after",
        "failed calls",
    ]);
    let missed = |is_missed| if is_missed { ", **missed**" } else { "" };
    for it in &study.outages {
        let target = to_reach(it);
        let known = it.known_usually().zip(it.known_at_worst()).map(|(usually, worst)| {
            let is_missed = target.is_some_and(|(known, _)| worst > known);
            format!("{} (worst {}{})", seconds(usually), seconds(worst), missed(is_missed))
        });
        let is_missed = target.is_some_and(|(_, failed)| it.all_failed() > failed);
        table.row([
            format!("{}, {}", it.per_second, it.sharing.name()),
            known.clone().unwrap_or_else(|| "never".into()),
            known.map_or_else(|| "-".into(), |_| it.failed_until_known.to_string()),
            seconds(it.lasted),
            format!("{}{}", it.all_failed(), missed(is_missed)),
        ]);
    }
    table
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

/// Instances that are broken themselves.
#[must_use]
pub fn poisons(study: &Study) -> Table {
    let mut table = Table::new([
        "bad instances, sharing",
        "of their breakers, open",
        "others that opened",
        "good instances' calls refused",
    ]);
    for it in &study.poisons {
        table.row([
            format!("{}, {}", it.bad, it.sharing.name()),
            it.bad_open.to_string(),
            it.moved.to_string(),
            format!("{} of {}", it.refused, it.calls),
        ]);
    }
    table
}

/// Who probes a service that stays down.
#[must_use]
pub fn probes(study: &Study) -> Table {
    let heads = ["calls a second of each, store", "probes, the most in a timeout", "the mean"];
    let mut table = Table::new(heads);
    for it in &study.probing {
        let store = match it.store {
            Store::None => "no fleet",
            Store::Down => "a store that is down",
            Store::Up => "a store that answers",
        };
        let head = format!("{}, {store}", it.per_second);
        table.row([head, it.most.to_string(), format!("{:.1}", it.mean)]);
    }
    table
}

/// How soon all agree again.
#[must_use]
pub fn healings(study: &Study) -> Table {
    let mut table = Table::new(["four seconds of this", "all agree after, in heartbeats"]);
    for it in &study.healings {
        let beats = it.beats.map_or_else(|| "never".into(), |beats| format!("{beats:.2}"));
        table.row([it.fault.name().to_owned(), beats]);
    }
    table
}

/// Failed calls over time, of instances that call once a second.
#[must_use]
#[allow(clippy::cast_precision_loss)] // some thousand
pub fn plot(study: &Study) -> Plot {
    let once = || study.outages.iter().filter(|it| it.per_second.total_cmp(&1.0).is_eq());
    let end = once().map(|it| it.lasted).max().unwrap_or_default().as_secs_f64();
    let line = |it: &Outage| {
        let last = it.lasted.as_secs_f64();
        let at = |part: usize| ((part + 1) as f64 * Outage::PART as f64 / 1e3).min(last);
        let points = it.failed.iter().enumerate().map(|(part, failed)| (at(part), *failed as f64));
        let flat = (end, it.all_failed() as f64);
        let points = std::iter::once((0.0, 0.0)).chain(points).chain([flat]).collect();
        Line { name: it.sharing.name().replace('`', ""), points, dots: false }
    };
    let acts = |it: &&Outage| it.sharing != Sharing::Failures(Obedience::Observe);
    Plot {
        title: "A service dies that 1000 instances call once a second".into(),
        x: "seconds".into(),
        y: "calls that have failed".into(),
        shaded: Vec::new(),
        lines: once().filter(acts).map(line).collect(),
    }
}

/// What `bounds.toml` keeps of it.
#[must_use]
#[allow(clippy::cast_precision_loss)] // some thousand
pub fn figures(study: &Study) -> Vec<Figure> {
    let less = |key: String, now| Figure { key, now, more: false };
    let mut all = Vec::new();
    for it in study.outages.iter().filter(|it| it.sharing == ADVISE) {
        let rate = it.per_second.to_string().replace('.', "_");
        let known = it.known_at_worst().map_or(f64::INFINITY, |it| it.as_secs_f64());
        all.push(less(format!("fleet_known_s_at_{rate}"), known));
        all.push(less(format!("fleet_failed_at_{rate}"), it.all_failed() as f64));
    }
    // Three in a hundred are more than it promises to withstand.
    let few = || study.poisons.iter().filter(|it| it.sharing == ADVISE && it.bad <= 10);
    let moved = few().map(|it| it.moved).sum::<usize>();
    all.push(less("fleet_moved".into(), moved as f64));
    let refused = few().map(|it| it.refused).sum::<u64>();
    all.push(less("fleet_refused".into(), refused as f64));
    let up = study.probing.iter().filter(|it| it.store == Store::Up);
    let most = up.map(|it| it.most).max().unwrap_or_default();
    all.push(less("fleet_probes".into(), most as f64));
    let beats = study.healings.iter().map(|it| it.beats.unwrap_or(f64::INFINITY));
    all.push(less("fleet_healed_beats".into(), beats.fold(0.0, f64::max)));
    all
}
