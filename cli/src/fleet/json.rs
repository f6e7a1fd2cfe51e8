//! A fleet as JSON, of a stable form; see `README.md`.

use std::time::Duration;

use fusebox_fleet::Register;
use serde::Serialize;

use crate::{
    fleet::{
        view::{Breaker, Instance, View},
        watcher::Latest,
    },
    overview::Told,
};

/// What all instances say, and what each does.
#[derive(Debug, Serialize)]
pub struct Whole<'v> {
    namespace: &'v str,
    silent: usize,
    garbage: usize,
    instances: Vec<One<'v>>,
    breakers: Vec<Pooled<'v>>,
}

#[derive(Debug, Serialize)]
struct One<'v> {
    name: &'v str,
    group: &'v str,
    age_ms: u64,
    breakers: Vec<Saying<'v>>,
}

/// What one instance says of one breaker.
#[derive(Debug, Serialize)]
struct Saying<'v> {
    name: &'v str,
    state: String,
    failures: u8,
    left_ms: u64,
}

#[derive(Debug, Serialize)]
struct Pooled<'v> {
    name: &'v str,
    open: usize,
    half_open: usize,
    forced_open: usize,
    disabled: usize,
    primed: usize,
    failures: u32,
    left_ms: Option<u64>,
    groups: &'v [String],
}

impl<'v> Whole<'v> {
    /// Of this view.
    #[must_use]
    pub fn new(view: &'v View, namespace: &'v str) -> Self {
        let one = |it: &'v Instance| One {
            name: &it.name,
            group: &it.group,
            age_ms: millis(it.age),
            breakers: it.registers.iter().map(Saying::of_breaker).collect(),
        };
        Self {
            namespace,
            silent: view.silent,
            garbage: view.garbage,
            instances: view.instances.iter().map(one).collect(),
            breakers: view.breakers.iter().map(Pooled::new).collect(),
        }
    }
}

impl<'v> Saying<'v> {
    fn of_breaker(register: &'v Register) -> Self {
        Self::new(register.name.as_str(), register)
    }

    fn new(name: &'v str, register: &Register) -> Self {
        Self {
            name,
            state: register.state.to_string(),
            failures: register.failures,
            left_ms: millis(register.left),
        }
    }
}

impl<'v> Pooled<'v> {
    fn new(it: &'v Breaker) -> Self {
        Self {
            name: it.name.as_str(),
            open: it.open,
            half_open: it.half_open,
            forced_open: it.forced,
            disabled: it.disabled,
            primed: it.primed,
            failures: it.failures,
            left_ms: it.left.map(millis),
            groups: &it.groups,
        }
    }
}

/// What the page shows of a fleet: bounded, however large it is.
#[derive(Debug, Serialize)]
pub struct Part<'l> {
    problem: &'l Option<String>,
    /// How old the last look into the store was when this was written.
    age_ms: Option<u64>,
    alive: usize,
    silent: usize,
    alerts: &'l [Told],
    breakers: Vec<Row<'l>>,
    /// How many breakers are left out.
    more: usize,
}

#[derive(Debug, Serialize)]
struct Row<'l> {
    /// The name, escaped.
    label: &'l str,
    #[serde(flatten)]
    pooled: Pooled<'l>,
    instances: Vec<Cell<'l>>,
    /// How many instances are left out.
    more: usize,
}

#[derive(Debug, Serialize)]
struct Cell<'l> {
    group: &'l str,
    #[serde(flatten)]
    saying: Saying<'l>,
}

/// So many breakers, and of each so many instances, are shown.
const BREAKERS: usize = 100;
const INSTANCES: usize = 50;

impl<'l> Part<'l> {
    /// Of what was read last.
    #[must_use]
    pub fn new(latest: &'l Latest) -> Self {
        let view = &latest.view;
        let row = |it: &'l Breaker| {
            let mut cells: Vec<_> = view
                .sayings(it.name)
                .map(|(instance, register)| Cell {
                    group: &instance.group,
                    saying: Saying::new(&instance.label, register),
                })
                .collect();
            let more = cells.len().saturating_sub(INSTANCES);
            cells.truncate(INSTANCES);
            Row { label: &it.label, pooled: Pooled::new(it), instances: cells, more }
        };
        Self {
            problem: &latest.problem,
            age_ms: latest.read.map(|at| millis(at.elapsed())),
            alive: view.instances.len(),
            silent: view.silent,
            alerts: &latest.alerts,
            breakers: view.breakers.iter().take(BREAKERS).map(row).collect(),
            more: view.breakers.len().saturating_sub(BREAKERS),
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
