//! Adaptive limits: how soon each finds the knee of a service, follows it, and where it is
//! after an hour of overload.

use crate::{
    limits::{Aimd, Bounds, Demand, Gradient2, Limiter, Micros, Ours, Service, Vegas},
    plot::{Line, Plot},
    table::Table,
};

/// So many calls does a service do at a time, and whether they take times of all lengths.
pub const KNEES: [(usize, bool); 4] = [(5, false), (5, true), (50, true), (500, true)];

/// So many seeds; the worst is shown.
pub const SEEDS: u64 = 5;

/// The windows in a run: from the start, from the moment at which the knee halves, and
/// from when it doubles again.
const PARTS: [usize; 3] = [60, 60, 60];
/// A limit is found where it is within a fifth of the knee, and so is its mean over so
/// many windows from there on.
const FOUND: usize = 10;
const WINDOW: u64 = 1_000_000;
/// Windows of an hour.
const HOUR: usize = 3_600;

/// A limiter of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// fusebox's adaptive limit.
    Ours,
    /// Netflix's Gradient2.
    Gradient2,
    /// Netflix's Vegas.
    Vegas,
    /// Netflix's AIMD.
    Aimd,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ours, Self::Gradient2, Self::Vegas, Self::Aimd];

    /// What a table calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ours => "fusebox",
            Self::Gradient2 => "Netflix Gradient2",
            Self::Vegas => "Netflix Vegas",
            Self::Aimd => "Netflix AIMD",
        }
    }

    /// The limit at the end of each window, where the service does so many calls at a time
    /// in each part of so many windows.
    #[must_use]
    pub fn limits(self, parts: &[(usize, usize)], varies: bool, seed: u64) -> Vec<f64> {
        let clock = Micros::default();
        let parts = (parts, Demand { varies, ..Demand::USUAL });
        match self {
            Self::Ours => run(&Ours::new(&clock), &clock, parts, seed),
            Self::Gradient2 => run(&Gradient2::new(Bounds::USUAL), &clock, parts, seed),
            Self::Vegas => run(&Vegas::new(Bounds::USUAL, seed), &clock, parts, seed),
            Self::Aimd => run(&Aimd::new(Bounds::USUAL), &clock, parts, seed),
        }
    }
}

fn run<L: Limiter>(
    limiter: &L,
    clock: &Micros,
    (parts, demand): (&[(usize, usize)], Demand),
    seed: u64,
) -> Vec<f64> {
    let first = parts.first().map_or(1, |(workers, _)| *workers);
    let mut service = Service::new(limiter, clock, first, demand, seed);
    let mut limits = Vec::new();
    for (workers, windows) in parts {
        service.workers = *workers;
        for _ in 0..*windows {
            service.run(WINDOW);
            limits.push(limiter.limit());
        }
    }
    limits
}

/// Windows until a limit is found, in each of the three parts; none where it never is.
pub type Found = [Option<usize>; 3];

/// Windows until the knee is found, until it is found again after it has halved, and after
/// it has doubled: the worst of all seeds.
#[must_use]
pub fn found(rule: Rule, (knee, varies): (usize, bool)) -> Found {
    let parts = parts(knee);
    let mut worst = [Some(0); 3];
    for seed in 1..=SEEDS {
        let limits = rule.limits(&parts, varies, seed);
        let mut from = 0;
        for (worst, (workers, windows)) in worst.iter_mut().zip(parts) {
            let here = found_in(&limits[from..from + windows], workers);
            *worst = worst.and_then(|worst| here.map(|here| here.max(worst)));
            from += windows;
        }
    }
    worst
}

const fn parts(knee: usize) -> [(usize, usize); 3] {
    [(knee, PARTS[0]), (knee / 2, PARTS[1]), (knee, PARTS[2])]
}

#[allow(clippy::cast_precision_loss)] // small numbers
fn found_in(limits: &[f64], knee: usize) -> Option<usize> {
    let is_near = |limit: f64| (limit / knee as f64 - 1.0).abs() <= 0.2;
    let stays = |of: &[f64]| is_near(of[0]) && is_near(of.iter().sum::<f64>() / of.len() as f64);
    // After the first window at the earliest.
    limits.windows(FOUND).position(stays).map(|at| at + 1)
}

/// The mean limit in the second ten minutes of an hour of overload, and in the last, in
/// parts of the knee: the seed with the largest difference.
#[must_use]
#[allow(clippy::cast_precision_loss)] // small numbers
pub fn hour(rule: Rule, knee: usize) -> (f64, f64) {
    let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64 / knee as f64;
    let hours = (1..=SEEDS).map(|seed| {
        let limits = rule.limits(&[(knee, HOUR)], true, seed);
        (mean(&limits[600..1_200]), mean(&limits[3_000..]))
    });
    let drift = |(first, last): &(f64, f64)| (last / first - 1.0).abs();
    hours.max_by(|one, other| drift(one).total_cmp(&drift(other))).unwrap_or((1.0, 1.0))
}

/// The knee of the hour of overload, and of the picture.
pub const HOUR_KNEE: usize = 50;

/// The table.
#[must_use]
pub fn table() -> Table {
    let knees = KNEES.map(|(knee, varies)| {
        let even = if varies { "" } else { ", even calls" };
        format!("knee {knee}{even}: found, halved, doubled")
    });
    let head = ["rule".to_owned()].into_iter().chain(knees);
    let mut table = Table::new(head.chain(["an hour: early, late".to_owned()]));
    for rule in Rule::ALL {
        let cells = KNEES.map(|knee| found(rule, knee).map(show).join(", "));
        let (early, late) = hour(rule, HOUR_KNEE);
        let hour = format!("× {early:.2}, × {late:.2}");
        table.row([rule.name().to_owned()].into_iter().chain(cells).chain([hour]));
    }
    table
}

fn show(windows: Option<usize>) -> String {
    windows.map_or("never".into(), |windows| windows.to_string())
}

/// The limits of each rule at a knee that halves and doubles.
#[must_use]
#[allow(clippy::cast_precision_loss)] // small numbers
pub fn plot() -> Plot {
    let parts = parts(HOUR_KNEE);
    let number = |limits: Vec<f64>| {
        limits.into_iter().enumerate().map(|(at, limit)| ((at + 1) as f64, limit.min(200.0)))
    };
    let line = |name: &str, points| Line { name: name.into(), points, dots: false };
    let knee = parts.iter().flat_map(|(workers, windows)| vec![*workers as f64; *windows]);
    let mut lines: Vec<_> = Rule::ALL
        .iter()
        .map(|rule| line(rule.name(), number(rule.limits(&parts, true, 1)).collect()))
        .collect();
    lines.push(line("the knee", number(knee.collect()).collect()));
    Plot {
        title: "A service of 50 workers, of 25, and of 50 again: the limit (200 is more)".into(),
        x: "windows of a second".into(),
        y: "calls in flight".into(),
        shaded: vec![(PARTS[0] as f64, (PARTS[0] + PARTS[1]) as f64)],
        lines,
    }
}
