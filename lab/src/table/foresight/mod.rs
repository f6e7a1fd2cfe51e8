//! Foresight: how long before the first caller gives up an overload is foreseen, and how
//! often one is that does not come.

mod queue;
mod rules;

use std::fmt::Write as _;

pub use queue::{COURSES, Course, Seen};
use rules::{FiveInARow, Gradient, Ours};

use crate::{bounds::Figure, limits::Micros, table::Table};

/// So many seeds of each course.
pub const SEEDS: u64 = 8;
/// The loads that stay, in parts of what the service can do, and for how many seconds.
pub const STEADY: [(f64, f64); 2] = [(0.75, 900.0), (0.85, 900.0)];
/// What is aimed at: so many seconds before the first caller gives up.
pub const LEAD: f64 = 5.0;

/// Who cries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// fusebox's foresight.
    Ours,
    /// Two means of the time that calls take.
    Gradient,
    /// Five in a row.
    FiveInARow,
}

impl Who {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ours, Self::Gradient, Self::FiveInARow];

    /// What a table calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ours => "fusebox, foresight",
            Self::Gradient => "mean of 100 calls twice that of 10 000",
            Self::FiveInARow => "five timeouts in a row",
        }
    }

    /// What it makes of a course.
    #[must_use]
    pub fn meets(self, course: Course, seed: u64) -> Seen {
        let clock = Micros::default();
        match self {
            Self::Ours => {
                let breaker = Ours::breaker(&clock);
                queue::meet(&mut Ours::new(&breaker), &clock, course, seed)
            }
            Self::Gradient => queue::meet(&mut Gradient::default(), &clock, course, seed),
            Self::FiveInARow => queue::meet(&mut FiveInARow::default(), &clock, course, seed),
        }
    }

    /// What it makes of a load that stays.
    #[must_use]
    pub fn stays(self, load: (f64, f64), seed: u64) -> Seen {
        let clock = Micros::default();
        match self {
            Self::Ours => {
                let breaker = Ours::breaker(&clock);
                queue::steady(&mut Ours::new(&breaker), &clock, load, seed)
            }
            Self::Gradient => queue::steady(&mut Gradient::default(), &clock, load, seed),
            Self::FiveInARow => queue::steady(&mut FiveInARow::default(), &clock, load, seed),
        }
    }
}

impl Seen {
    /// How long before the first caller gave up it cried, in seconds; less than nothing
    /// where that was after.
    #[must_use]
    pub fn lead(&self) -> Option<f64> {
        Some(self.timeout? - self.cried?)
    }
}

/// The leads of all seeds, the least first; none where it never cried.
fn leads(who: Who, course: Course) -> Vec<(u64, Option<f64>, Seen)> {
    let mut all: Vec<_> = (1..=SEEDS)
        .map(|seed| {
            let seen = who.meets(course, seed);
            (seed, seen.lead(), seen)
        })
        .collect();
    let key = |it: &(u64, Option<f64>, Seen)| it.1.unwrap_or(f64::NEG_INFINITY);
    all.sort_by(|one, two| key(one).total_cmp(&key(two)));
    all
}

/// How long before the first caller gives up each cries: the least and the most of all
/// seeds.
#[must_use]
pub fn leads_table() -> Table {
    let mut table = Table::new(["who"].into_iter().chain(COURSES.iter().map(|course| course.name)));
    for who in Who::ALL {
        let cells = COURSES.map(|course| {
            let all = leads(who, course);
            let show = |lead: Option<f64>| lead.map_or("never".into(), |it| format!("{it:.1}"));
            format!("{} to {} s", show(all[0].1), show(all[all.len() - 1].1))
        });
        table.row([who.name().to_owned()].into_iter().chain(cells));
    }
    table
}

/// Cries in 100 000 calls of a load that stays, of all seeds together, and the most of one.
#[must_use]
pub fn false_alarms(who: Who, load: (f64, f64)) -> (f64, u64) {
    let all: Vec<_> = (1..=SEEDS).map(|seed| who.stays(load, seed)).collect();
    let (cries, calls) =
        all.iter().fold((0, 0), |sum, seen| (sum.0 + seen.too_early, sum.1 + seen.calls));
    #[allow(clippy::cast_precision_loss)] // counts of calls
    let rate = cries as f64 * 100_000.0 / calls as f64;
    (rate, all.iter().map(|seen| seen.too_early).max().unwrap_or(0))
}

/// Cries where no overload comes.
#[must_use]
pub fn false_alarms_table() -> Table {
    let mut table = Table::new(["who", "75 %", "most of a seed", "85 %", "most of a seed"]);
    for who in Who::ALL {
        let cells = STEADY.into_iter().flat_map(|load| {
            let (rate, most) = false_alarms(who, load);
            [format!("{rate:.1}"), most.to_string()]
        });
        table.row([who.name().to_owned()].into_iter().chain(cells));
    }
    table
}

/// Where ours leads by less than is aimed at, and why, in words.
#[must_use]
pub fn misses() -> String {
    let mut text = String::new();
    for course in COURSES {
        for (seed, lead, seen) in leads(Who::Ours, course) {
            if lead.is_some_and(|it| it >= LEAD) {
                continue;
            }
            let show = |at: Option<f64>| at.map_or("never".into(), |it| format!("after {it:.1} s"));
            // A `String` takes all that is written to it.
            let _ = writeln!(
                text,
                "- {}, seed {seed}: the first caller gives up {}, and it cries {}.",
                course.name,
                show(seen.timeout),
                show(seen.cried),
            );
        }
    }
    if text.is_empty() { "None.\n".into() } else { text }
}

/// Ours, of `bounds.toml`.
#[must_use]
pub fn figures() -> Vec<Figure> {
    let keys = [
        "foresight_lead_60_s",
        "foresight_lead_20_s",
        "foresight_lead_step_s",
        "foresight_lead_drift_s",
    ];
    let leads = keys.into_iter().zip(COURSES).map(|(key, course)| {
        let now = leads(Who::Ours, course)[0].1.unwrap_or(f64::NEG_INFINITY);
        Figure { key: key.into(), now, more: true }
    });
    let keys = ["foresight_false_75", "foresight_false_85"];
    let alarms = keys.into_iter().zip(STEADY).map(|(key, load)| Figure {
        key: key.into(),
        now: false_alarms(Who::Ours, load).0,
        more: false,
    });
    leads.chain(alarms).collect()
}
