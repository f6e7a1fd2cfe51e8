//! A fleet for a terminal or a pipe.

use std::fmt::Write as _;

use fusebox::State;

use crate::{
    fleet::view::{Breaker, View},
    names, paint,
    table::{self, Cell, Column},
    text,
};

/// What stands above the table: who is alive.
#[must_use]
pub fn head(view: &View) -> String {
    let alive = view.instances.len();
    let mut head = format!("{alive} instance{} alive", if alive == 1 { "" } else { "s" });
    let groups: Vec<_> = view
        .groups()
        .into_iter()
        .filter(|(group, _)| !group.is_empty())
        .map(|(group, count)| format!("{group} {count}"))
        .collect();
    // A `String` takes all that is written to it.
    if !groups.is_empty() {
        let _ = write!(head, " ({})", groups.join(", "));
    }
    if view.silent > 0 {
        let _ = write!(head, ", {} silent", view.silent);
    }
    if view.garbage > 0 {
        let _ = write!(head, ", {} no reports", view.garbage);
    }
    head
}

const COLUMNS: [Column; 9] = [
    Column { title: "NAME", right: false },
    Column { title: "OPEN", right: true },
    Column { title: "HALF-OPEN", right: true },
    Column { title: "FORCED", right: true },
    Column { title: "DISABLED", right: true },
    Column { title: "PRIMED", right: true },
    Column { title: "FAILURES", right: true },
    Column { title: "LEFT", right: true },
    Column { title: "GROUPS", right: false },
];

/// A row for each breaker that is not well.
#[must_use]
pub fn breakers(view: &View) -> String {
    table::render(&COLUMNS, &view.breakers.iter().map(row).collect::<Vec<_>>())
}

fn row(it: &Breaker) -> Vec<Cell> {
    let count = |number: usize, state| Cell {
        text: number.to_string(),
        style: if number == 0 { anstyle::Style::new() } else { paint::state(state) },
    };
    vec![
        it.label.clone().into(),
        count(it.open, State::Open),
        count(it.half_open, State::HalfOpen),
        count(it.forced, State::ForcedOpen),
        count(it.disabled, State::Disabled),
        count(it.primed, State::HalfOpen),
        it.failures.to_string().into(),
        it.left.map_or_else(|| "-".into(), text::short).into(),
        (if it.groups.is_empty() { "-".into() } else { it.groups.join(", ") }).into(),
    ]
}

const SAYINGS: [Column; 6] = [
    Column { title: "INSTANCE", right: false },
    Column { title: "GROUP", right: false },
    Column { title: "NAME", right: false },
    Column { title: "STATE", right: false },
    Column { title: "FAILURES", right: true },
    Column { title: "LEFT", right: true },
];

/// A row for each breaker that is not well, of each instance.
#[must_use]
pub fn instances(view: &View) -> String {
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for instance in &view.instances {
        let group = if instance.group.is_empty() { "-" } else { &instance.group };
        let head = || [instance.label.clone().into(), group.into()];
        if instance.registers.is_empty() {
            let well = [Cell::from("-"), "all well".into(), "-".into(), "-".into()];
            rows.push(head().into_iter().chain(well).collect());
        }
        for it in &instance.registers {
            // Whoever is open has seen as much as anybody need see.
            let failures =
                if it.state == State::Closed { it.failures.to_string() } else { "-".into() };
            let left = if it.state == State::Open { text::short(it.left) } else { "-".into() };
            let state = Cell { text: it.state.to_string(), style: paint::state(it.state) };
            let cells = [names::label(Some(it.name)).into(), state, failures.into(), left.into()];
            rows.push(head().into_iter().chain(cells).collect());
        }
    }
    table::render(&SAYINGS, &rows)
}
