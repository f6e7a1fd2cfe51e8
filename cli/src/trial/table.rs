//! A trial as a table, a row for each rule.

use std::time::Duration;

use fusebox_lab::{
    storm::Storm,
    trial::{Row, Trial},
};

use crate::{
    escape::escape,
    paint,
    table::{self, Cell, Column},
    text,
};

const COLUMNS: [Column; 10] = [
    Column { title: "RULE", right: false },
    Column { title: "ANSWERED", right: true },
    Column { title: "FAILED", right: true },
    Column { title: "TIMED OUT", right: true },
    Column { title: "REFUSED", right: true },
    Column { title: "LOAD", right: true },
    Column { title: "BACK AFTER", right: true },
    Column { title: "OPENED", right: true },
    Column { title: "PROBES", right: true },
    Column { title: "WRITES", right: true },
];

/// The storm's title and text, and what each rule made of it.
#[must_use]
pub fn of(storm: &Storm, trial: &Trial) -> String {
    let title = escape(&trial.storm);
    let head = format!("{}{title}{:#}\n", paint::HEAD, paint::HEAD);
    let about: String = trial.text.lines().map(|line| escape(line.trim_end()) + "\n").collect();
    let source = match storm.source.as_str() {
        "" => String::new(),
        source => format!("Source: {}\n", escape(source)),
    };
    let rows: Vec<_> = trial.rules.iter().map(|rule| row(rule, trial.trouble.is_some())).collect();
    format!("{head}{about}{source}\n{}", table::render(&COLUMNS, &rows))
}

fn row(row: &Row, trouble: bool) -> Vec<Cell> {
    let back = match row.back_after_s {
        _ if !trouble => "-".into(),
        Some(seconds) => text::exact(Duration::from_secs_f64(seconds)).into(),
        None => Cell { text: "never".into(), style: paint::FAULT },
    };
    vec![
        row.rule.clone().into(),
        percent(row.answered, row.requests).into(),
        row.failed.to_string().into(),
        row.timed_out.to_string().into(),
        row.refused.to_string().into(),
        format!("{:.2}", row.load).into(),
        back,
        row.openings.to_string().into(),
        row.probes.to_string().into(),
        format!("{:.2}", row.writes_per_call).into(),
    ]
}

/// In hundredths of a percent, rounded down: only all of them are 100 %.
fn percent(part: u64, of: u64) -> String {
    let hundredths = u128::from(part) * 10_000 / u128::from(of.max(1));
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}
