//! The figures to beat: the best that others have published of each storm, and ours.

use serde::Serialize;

use crate::{
    contender::Contender,
    field, measure,
    storm::{Storm, builtin},
    table::{Table, ratio},
    time::Time,
    world::Tally,
};

/// So many seeds; a figure is their mean.
pub const SEEDS: u64 = 5;

/// A figure to reach.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Goal {
    /// By which `bounds.toml` names it.
    pub key: &'static str,
    /// What is measured.
    pub text: &'static str,
    /// What others have published.
    pub published: &'static str,
    /// What is to be reached.
    pub target: f64,
    /// Whether more is better.
    pub more: bool,
    /// The unit of the figures.
    pub unit: Unit,
    /// The mean over all seeds.
    pub figure: f64,
    /// The worst of them.
    pub worst: f64,
}

/// The unit of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Of one.
    Share,
    /// Calls.
    Calls,
    /// Seconds.
    Seconds,
    /// Times the offered load.
    Times,
}

impl Unit {
    /// A figure as a table shows it.
    #[must_use]
    pub fn show(self, figure: f64) -> String {
        match self {
            Self::Share => format!("{:.1} %", figure * 100.0),
            Self::Calls => format!("{figure:.0}"),
            Self::Seconds if figure.is_infinite() => "never".into(),
            Self::Seconds => format!("{figure:.1} s"),
            Self::Times => format!("× {figure:.2}"),
        }
    }
}

impl Goal {
    /// Whether the figure reaches the target.
    #[must_use]
    pub fn is_met(&self) -> bool {
        !self.is_worse_than(self.target)
    }

    /// Whether the figure is worse than this.
    #[must_use]
    pub fn is_worse_than(&self, bound: f64) -> bool {
        if self.more { self.figure < bound } else { self.figure > bound }
    }
}

type Figure = fn(&Contender, u64) -> f64;

struct Row(&'static str, &'static str, &'static str, f64, bool, Unit, Figure);

const ROWS: [Row; 9] = [
    Row(
        "sustained_20",
        "20 % errors for 5 minutes: successes, of the run without a breaker",
        "19 % classic, 94 % PID, of their own baselines",
        0.98,
        true,
        Unit::Share,
        |rule, seed| of_unguarded(rule, &storm("sustained-20", seed), 4..14),
    ),
    Row(
        "outage_let_through",
        "100 % for 20 s: failed calls let through",
        "708, 3401",
        100.0,
        false,
        Unit::Calls,
        |rule, seed| count(rule.meets(&storm("spike-100", seed)).phase(3).failures),
    ),
    Row(
        "outage_after",
        "the 20 s after it: successes, of the baseline",
        "41 %, 27 %",
        0.9,
        true,
        Unit::Share,
        |rule, seed| {
            let tally = rule.meets(&storm("spike-100", seed));
            count(tally.phase(4).successes) / count(tally.phase(2).successes)
        },
    ),
    Row(
        "swinging_refused",
        "errors swinging from 2 to 6 %: refused",
        "28 to 56 %, 1.5 to 5.6 %",
        0.0,
        false,
        Unit::Share,
        |rule, seed| refused(&rule.meets(&storm("oscillating", seed))),
    ),
    Row(
        "near_target_refused",
        "1.2 % errors against 1 %: refused",
        "0, 1.1 %",
        0.0,
        false,
        Unit::Share,
        |rule, seed| refused(&rule.meets(&storm("near-target", seed))),
    ),
    Row(
        "gradual_refused",
        "errors growing from 1 to 5 %: refused",
        "15 to 62 %, 3.3 to 4.5 %",
        0.0,
        false,
        Unit::Share,
        |rule, seed| refused(&rule.meets(&storm("gradual", seed))),
    ),
    Row(
        "nine_others",
        "one of ten services 10 s slow: successes of the other nine, of the baseline",
        "63 %, 56 % (of all ten)",
        0.98,
        true,
        Unit::Share,
        |rule, seed| {
            let tally = rule.meets(&storm("one-of-many", seed));
            let others = |from, to| {
                let secs = count(to - from);
                count(tally.of_others(Time::secs(from), Time::secs(to)).successes) / secs
            };
            others(30, 330) / others(0, 30)
        },
    ),
    Row(
        "stall_back",
        "retry storm at 70 %: back to 95 % goodput after",
        "never; budgets 25 to 32 s; a breaker 7 to 8 s",
        5.0,
        false,
        Unit::Seconds,
        |rule, seed| {
            let storm = storm("retry-storm-70", seed);
            let back = measure::back_after(&storm, &rule.meets(&storm));
            back.map_or(f64::INFINITY, Time::as_secs_f64)
        },
    ),
    Row(
        "stall_load",
        "load in the storm, of the offered",
        "× 2.8",
        1.1,
        false,
        Unit::Times,
        |rule, seed| {
            let storm = storm("retry-storm-70", seed);
            measure::load(&storm, &rule.meets(&storm))
        },
    ),
];

fn storm(name: &str, seed: u64) -> Storm {
    builtin(name).expect("a built-in storm").seeded(seed)
}

#[allow(clippy::cast_precision_loss)] // counts of calls
const fn count(calls: u64) -> f64 {
    calls as f64
}

fn refused(tally: &Tally) -> f64 {
    let total = tally.total();
    ratio(total.refused, total.all())
}

/// Successes in these phases, in parts of those of a run without any rule.
fn of_unguarded(rule: &Contender, storm: &Storm, phases: std::ops::Range<usize>) -> f64 {
    let sum = |tally: Tally| phases.clone().map(|at| tally.phase(at).successes).sum();
    ratio(sum(rule.meets(storm)), sum(field::unguarded().meets(storm)))
}

/// All goals, measured of this rule.
#[must_use]
pub fn measure(rule: &Contender) -> Vec<Goal> {
    ROWS.iter()
        .map(|&Row(key, text, published, target, more, unit, figure)| {
            let figures: Vec<_> = (1..=SEEDS).map(|seed| figure(rule, seed)).collect();
            let extreme = if more { f64::min } else { f64::max };
            let worst = figures.iter().copied().reduce(extreme).unwrap_or_default();
            let figure = figures.iter().sum::<f64>() / count(SEEDS);
            Goal { key, text, published, target, more, unit, figure, worst }
        })
        .collect()
}

/// The table of these goals, for one rule or several.
#[must_use]
pub fn table(rules: &[(&str, Vec<Goal>)]) -> Table {
    let names = rules.iter().map(|(name, _)| (*name).to_owned());
    let head = ["storm", "published", "to reach"].map(str::to_owned);
    let mut table = Table::new(head.into_iter().chain(names));
    for (at, goal) in rules.first().map(|(_, goals)| goals).into_iter().flatten().enumerate() {
        let bound = if goal.more { "≥" } else { "≤" };
        let cells = rules.iter().map(|(_, goals)| {
            let it = &goals[at];
            let missed = if it.is_met() { "" } else { ", **missed**" };
            let (figure, worst) = (it.unit.show(it.figure), it.unit.show(it.worst));
            if figure == worst {
                format!("{figure}{missed}")
            } else {
                format!("{figure} (worst {worst}){missed}")
            }
        });
        let head = [
            goal.text.to_owned(),
            goal.published.to_owned(),
            format!("{bound} {}", goal.unit.show(goal.target)),
        ];
        table.row(head.into_iter().chain(cells));
    }
    table
}
