//! Regions: one of three dies, and what becomes of the calls, and of the two others.

use std::sync::OnceLock;

use fusebox::{FailoverConfig, FailoverSettings};

use crate::{
    plot::{Line, Plot},
    regions::{BACK, Classes, DIES, Envoy, Ours, Outside, Part, Plain, REGIONS, Run, run},
    table::{Table, percent},
};

/// Who takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Breakers, and no failover.
    Alone,
    /// Breakers, and the first region that admits a call takes it.
    Naive,
    /// Envoy's priority levels.
    Envoy,
    /// fusebox's set with its defaults.
    Ours,
    /// The same, and calls that failed are made again.
    OursAgain,
    /// The same, and half of a group's calls may spill onto each of the others.
    OursHalf,
}

const ALL: [Who; 6] =
    [Who::Alone, Who::Naive, Who::Envoy, Who::Ours, Who::OursAgain, Who::OursHalf];

const USUAL: FailoverSettings = FailoverConfig::new().build();
const HALF: FailoverSettings = USUAL.config().spill_share(50).build();

/// So many seeds; the worst is shown.
const SEEDS: u64 = 3;

/// 70 % of what a region can do, of each group: 210 % of which two regions can do 200 %.
pub const FULL: f64 = 0.7;
/// 70 % of what the two that are left can do, of all groups together.
pub const ROOMY: f64 = 0.7 * 2.0 / 3.0;

impl Who {
    /// What a table calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alone => "breakers, no failover",
            Self::Naive => "breakers, and the next that admits",
            Self::Envoy => "Envoy's priority levels",
            Self::Ours => "fusebox",
            Self::OursAgain => "fusebox, repeatable calls",
            Self::OursHalf => "fusebox, repeatable calls, 50 % may spill",
        }
    }

    fn runs(self, load: f64, classes: Classes, seed: u64) -> Run {
        let outside = Outside::new(seed);
        match self {
            Self::Alone => run(
                &outside,
                &Run::processes(|home| Plain::alone(&outside, home)),
                load,
                classes,
                seed,
            ),
            Self::Naive => run(
                &outside,
                &Run::processes(|home| Plain::naive(&outside, home)),
                load,
                classes,
                seed,
            ),
            Self::Envoy => run(&outside, &Run::processes(Envoy::new), load, classes, seed),
            Self::Ours => ours(&outside, USUAL, false, load, classes, seed),
            Self::OursAgain => ours(&outside, USUAL, true, load, classes, seed),
            Self::OursHalf => ours(&outside, HALF, true, load, classes, seed),
        }
    }

    /// The run of all seeds in which most calls were not answered.
    fn worst(self, load: f64, classes: Classes) -> Run {
        let runs = (1..=SEEDS).map(|seed| self.runs(load, classes, seed));
        let lost = |run: &Run| run.whole.failed + run.whole.refused;
        runs.max_by_key(|run| (run.fell, lost(run))).unwrap_or_default()
    }
}

fn ours(
    outside: &Outside,
    settings: FailoverSettings,
    again: bool,
    load: f64,
    classes: Classes,
    seed: u64,
) -> Run {
    let breakers = Run::processes(|_| Ours::breakers(outside));
    let callers: [Vec<_>; REGIONS] = std::array::from_fn(|home| {
        breakers[home].iter().map(|it| Ours::new(it, home, settings, again)).collect()
    });
    run(outside, &callers, load, classes, seed)
}

/// All that the tables and the figures need.
#[derive(Debug)]
pub struct Study {
    full: Vec<(Who, Run)>,
    roomy: Vec<(Who, Run)>,
    classes: Run,
}

/// It is made once.
pub fn study() -> &'static Study {
    static STUDY: OnceLock<Study> = OnceLock::new();
    STUDY.get_or_init(|| {
        let all = |load| ALL.map(|who| (who, who.worst(load, Classes::One))).into();
        Study {
            full: all(FULL),
            roomy: all(ROOMY),
            classes: Who::OursAgain.worst(FULL, Classes::Four),
        }
    })
}

fn cells(part: &Part) -> String {
    format!("{}, {}", exactly(part.failed, part.calls), percent(part.refused, part.calls))
}

/// In hundredths of a percent: that is what the goal is about.
#[allow(clippy::cast_precision_loss)] // counts of calls
fn exactly(part: u64, whole: u64) -> String {
    format!("{:.2} %", part as f64 * 100.0 / whole.max(1) as f64)
}

fn table(runs: &[(Who, Run)]) -> Table {
    let mut table = Table::new([
        "failed, refused",
        "whole run",
        "before",
        "dead: first 2 s",
        "dead: then",
        "back: first 20 s",
        "after",
        "others that fell",
    ]);
    for (who, run) in runs {
        let parts = run.parts.iter().map(cells);
        table.row(
            [who.name().to_owned(), cells(&run.whole)]
                .into_iter()
                .chain(parts)
                .chain([run.fell.to_string()]),
        );
    }
    table
}

/// At 70 % of what a region can do.
#[must_use]
pub fn full(study: &Study) -> Table {
    table(&study.full)
}

/// At 70 % of what the two that are left can do.
#[must_use]
pub fn roomy(study: &Study) -> Table {
    table(&study.roomy)
}

/// Whose calls find no place.
#[must_use]
pub fn classes(study: &Study) -> Table {
    let mut table = Table::new([
        "of the group whose home is dead",
        "critical",
        "default",
        "sheddable",
        "background",
    ]);
    let of = |what: fn(&Part) -> u64| {
        study.classes.classes.iter().map(move |part| exactly(what(part), part.calls))
    };
    table.row(["failed".to_owned()].into_iter().chain(of(|part| part.failed)));
    table.row(["refused".to_owned()].into_iter().chain(of(|part| part.refused)));
    table
}

/// Our figures, by their keys; less is better.
#[must_use]
#[allow(clippy::cast_precision_loss)] // counts of calls
pub fn figures(study: &Study) -> Vec<(&'static str, f64)> {
    let find = |runs: &[(Who, Run)], who| {
        runs.iter().find(|(it, _)| *it == who).map(|(_, run)| run.clone()).unwrap_or_default()
    };
    let share = |part: u64, whole: u64| part as f64 / whole.max(1) as f64;
    let full = find(&study.full, Who::OursAgain);
    let roomy = find(&study.roomy, Who::OursHalf);
    let [critical, ..] = study.classes.classes;
    vec![
        ("regions_full_fell", full.fell as f64),
        ("regions_full_failed", share(full.whole.failed, full.whole.calls)),
        ("regions_full_refused", share(full.whole.refused, full.whole.calls)),
        ("regions_roomy_fell", roomy.fell as f64),
        ("regions_roomy_lost", share(roomy.whole.failed + roomy.whole.refused, roomy.whole.calls)),
        ("regions_critical_lost", share(critical.failed + critical.refused, critical.calls)),
    ]
}

/// The share of all calls that are answered, second by second.
#[must_use]
#[allow(clippy::cast_precision_loss)] // small numbers
pub fn plot(study: &Study) -> Plot {
    let lines = study.full.iter().filter(|(who, _)| *who != Who::OursHalf).map(|(who, run)| Line {
        name: who.name().into(),
        points: (run.answered.iter().enumerate())
            .map(|(second, (good, all))| {
                (second as f64, *good as f64 * 100.0 / (*all).max(1) as f64)
            })
            .collect(),
        dots: false,
    });
    Plot {
        title: "Three regions at 70 %, of which one dies: calls that are answered".into(),
        x: "seconds".into(),
        y: "% of all calls".into(),
        shaded: vec![(DIES.as_secs_f64(), BACK.as_secs_f64())],
        lines: lines.collect(),
    }
}
