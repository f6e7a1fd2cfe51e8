//! The metastable retry storm: a stall that retries keep alive.

use crate::{contender::Contender, measure, storm::builtin, table::Table, time::Time};

/// The loads, in percent of what the server can do, and their storms.
pub const LOADS: [(u32, &str); 3] =
    [(50, "retry-storm-50"), (70, "retry-storm-70"), (85, "retry-storm-85")];

/// So many seeds; a figure is the worst of them.
pub const SEEDS: u64 = 3;

/// What a rule makes of a stall.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stall {
    /// When requests are answered again as before, after the stall; `None` if never.
    pub back: Option<Time>,
    /// Attempts in parts of requests, from the stall on until then.
    pub load: f64,
    /// The largest load of any second.
    pub peak: f64,
}

/// What a rule makes of the stall at this load: the worst of all seeds.
///
/// # Panics
/// If there is no storm of this name.
#[must_use]
pub fn stall(contender: &Contender, storm: &str) -> Stall {
    let storm = builtin(storm).expect("a built-in storm");
    let runs = (1..=SEEDS).map(|seed| {
        let storm = storm.clone().seeded(seed);
        let tally = contender.meets(&storm);
        Stall {
            back: measure::back_after(&storm, &tally),
            load: measure::load(&storm, &tally),
            peak: measure::peak(&tally),
        }
    });
    runs.reduce(|worst, it| Stall {
        back: worst.back.zip(it.back).map(|(a, b)| a.max(b)),
        load: worst.load.max(it.load),
        peak: worst.peak.max(it.peak),
    })
    .expect("a seed")
}

/// The table of all rules and loads.
#[must_use]
pub fn table(contenders: &[Contender]) -> Table {
    let mut columns = vec!["rule".to_owned()];
    for (load, _) in LOADS {
        columns.push(format!("{load} % load: back after"));
        columns.push("load".into());
        columns.push("peak".into());
    }
    let mut table = Table::new(columns);
    for contender in contenders {
        let mut cells = vec![contender.name().to_owned()];
        for (_, storm) in LOADS {
            let stall = stall(contender, storm);
            cells.push(back(stall.back));
            cells.push(format!("× {:.2}", stall.load));
            cells.push(format!("× {:.1}", stall.peak));
        }
        table.row(cells);
    }
    table
}

/// A time to recover, as tables show it.
#[must_use]
pub fn back(back: Option<Time>) -> String {
    back.map_or_else(|| "never".into(), |time| format!("{:.0} s", time.as_secs_f64()))
}
