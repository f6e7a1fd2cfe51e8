//! The bounds that our figures keep: `bounds.toml` has them, and a check fails where one
//! gets worse.

use std::{collections::BTreeMap, fmt};

use crate::{
    field, fleet,
    table::{
        self, cold_cache, compare, foresight, goals, layers,
        limits::{self, Rule},
        overload, regions, retry_storm, shedding, shopify, tuner,
    },
    time::Time,
};

/// The committed bounds.
const COMMITTED: &str = include_str!("../bounds.toml");

/// One of our figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Its name in `bounds.toml`.
    pub key: String,
    /// What it is now.
    pub now: f64,
    /// Whether more is better.
    pub more: bool,
}

/// A figure is worse than its bound, or has none.
#[derive(Debug, Clone, PartialEq)]
pub struct Worse {
    /// The figure.
    pub figure: Figure,
    /// Its bound; `None` where `bounds.toml` has none.
    pub bound: Option<f64>,
}

impl fmt::Display for Worse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Figure { key, now, more } = &self.figure;
        let side = if *more { "at least" } else { "at most" };
        match self.bound {
            Some(bound) => write!(f, "`{key}` is {now}; bounds.toml has {side} {bound}"),
            None => write!(f, "`{key}` is {now}; bounds.toml does not have it"),
        }
    }
}

/// All of our figures: the goals, the phases of published runs that land, our row among
/// the rules, and a fleet's.
#[must_use]
#[allow(clippy::cast_precision_loss)] // small numbers
pub fn figures() -> Vec<Figure> {
    let figure = |key: &str, now, more| Figure { key: key.into(), now, more };
    let mut all: Vec<_> = goals::measure(&field::ours())
        .iter()
        .map(|goal| figure(goal.key, goal.figure, goal.more))
        .collect();
    let landings = shopify::all_again(1);
    let landed = landings.iter().map(shopify::Landing::landed).sum::<usize>();
    all.push(figure("phases_landed", landed as f64, true));
    let row = compare::row(&field::ours());
    let failed = |it: compare::Seen| it.failed().map_or(f64::INFINITY, |failed| failed as f64);
    all.push(figure("failed_until_refused_at_100", failed(row.outage), false));
    all.push(figure("failed_until_refused_at_50", failed(row.half), false));
    all.push(figure("refused_at_20", row.wrongly_refused, false));
    all.push(figure("openings_at_1", row.false_alarms.openings as f64, false));
    all.push(figure("openings_at_5", row.false_alarms_at_5.openings as f64, false));
    all.push(figure("back_s", row.back_s.unwrap_or(f64::INFINITY), false));
    all.push(figure("probes", row.probes as f64, false));
    all.push(figure("writes_a_call", row.writes, false));
    for (key, load, storm) in [
        ("budget_stall_50_back_s", "budget_stall_50_load", "retry-storm-50"),
        ("budget_stall_70_back_s", "budget_stall_70_load", "retry-storm-70"),
        ("budget_stall_85_back_s", "budget_stall_85_load", "retry-storm-85"),
    ] {
        let stall = retry_storm::stall(&field::ours_with_budget(), storm);
        all.push(figure(key, stall.back.map_or(f64::INFINITY, Time::as_secs_f64), false));
        all.push(figure(load, stall.load, false));
    }
    let layered = layers::calls_of_one(Some(layers::TENTH), 100);
    all.push(figure("calls_of_three_layers", layered, false));
    all.push(figure("bytes", row.bytes as f64, false));
    all.extend(table::fleet::figures(fleet::study()));
    limit_figures(&mut all);
    let regions = regions::figures(regions::study());
    all.extend(regions.into_iter().map(|(key, now)| figure(key, now, false)));
    overload_figures(&mut all);
    all.extend(cold_cache::figures());
    all.extend(shedding::figures());
    all.extend(foresight::figures());
    all.extend(tuner::figures(tuner::study()));
    all
}

/// Those of the adaptive limit: windows until the knee is found, and found again.
#[allow(clippy::cast_precision_loss)] // small numbers
fn limit_figures(all: &mut Vec<Figure>) {
    for (knee, varies) in limits::KNEES {
        let found = limits::found(Rule::Ours, (knee, varies));
        for (what, windows) in ["found", "halved", "doubled"].into_iter().zip(found) {
            let even = if varies { "" } else { "_even" };
            let key = format!("limit_{knee}{even}_{what}");
            let now = windows.map_or(f64::INFINITY, |windows| windows as f64);
            all.push(Figure { key, now, more: false });
        }
    }
    let (early, late) = limits::hour(Rule::Ours, limits::HOUR_KNEE);
    let now = (late / early - 1.0).abs();
    all.push(Figure { key: "limit_drift".into(), now, more: false });
}

/// Those of the intake.
fn overload_figures(all: &mut Vec<Figure>) {
    for (load, worst) in ["2", "4"].into_iter().zip(overload::ours()) {
        let overload::Worst { goodput, p99, settled, critical } = worst;
        let figures = [
            ("goodput", goodput, true),
            ("p99", p99, false),
            ("settled_s", settled, false),
            ("critical", critical, true),
        ];
        all.extend(figures.map(|(what, now, more)| {
            let key = format!("overload_{load}_{what}");
            Figure { key, now, more }
        }));
    }
}

/// Compares all figures with the committed bounds.
///
/// # Errors
/// Those that are worse, or have no bound.
///
/// # Panics
/// Where `bounds.toml` is no table of numbers, as it was built in.
pub fn check() -> Result<Vec<Figure>, Vec<Worse>> {
    let bounds: BTreeMap<String, f64> = toml::from_str(COMMITTED).expect("bounds.toml has numbers");
    let figures = figures();
    let worse: Vec<_> = figures
        .iter()
        .filter_map(|figure| {
            let bound = bounds.get(&figure.key).copied();
            let is_worse =
                bound.is_none_or(|it| if figure.more { figure.now < it } else { figure.now > it });
            is_worse.then(|| Worse { figure: figure.clone(), bound })
        })
        .collect();
    if worse.is_empty() { Ok(figures) } else { Err(worse) }
}

/// The figures as `bounds.toml` has them.
#[must_use]
pub fn file(figures: &[Figure]) -> String {
    let lines = figures.iter().map(|figure| {
        let side = if figure.more { "at least" } else { "at most" };
        format!("{} = {:?} # {side}\n", figure.key, figure.now)
    });
    let head = "# Our figures in virtual time. `fusebox-lab check` fails where one gets worse, and\n\
                # `fusebox-lab check --accept` writes them anew: say why in the commit.\n";
    head.to_owned() + &lines.collect::<String>()
}
