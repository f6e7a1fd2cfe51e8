//! A panel over the last minute or so: what `top` and `serve` show.

use std::collections::{HashMap, VecDeque};

use fusebox::{
    LimitsReading, Reading, State,
    health::{AlertRules, Monitor, Rates, Window},
};
use serde::Serialize;

use crate::{escape::escape, names, pressure::Pressed, source::Source};

/// Readings in a window: a minute of them at the default interval.
const READINGS: usize = 61;

/// Keeps the last readings of a panel's breakers.
pub struct History {
    monitor: Monitor<READINGS, Vec<Window<READINGS>>>,
    rules: AlertRules,
    /// The slots' limits, as they were read last.
    limits: HashMap<usize, LimitsReading>,
    /// How many calls they had turned away, at each reading of the window.
    limited: VecDeque<HashMap<usize, u64>>,
    /// The host's pressure, as it was read last.
    pressure: Option<Pressed>,
    /// Whether tuning was frozen then.
    tuning_frozen: bool,
}

/// A panel, as it is now and was a moment ago.
#[derive(Debug, Default, Clone)]
pub struct Overview {
    /// Its breakers, in the order of their slots.
    pub rows: Vec<Row>,
    /// How many there can be.
    pub capacity: usize,
    /// 0 to 100; `None` where no breaker has one.
    pub score: Option<u8>,
    /// What somebody should be told.
    pub alerts: Vec<Told>,
    /// The host's pressure, where somebody samples it.
    pub pressure: Option<Pressed>,
    /// Whether somebody froze the tuning of all breakers.
    pub tuning_frozen: bool,
}

/// A breaker, as it is now and was a moment ago.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its slot.
    pub slot: usize,
    /// Its name, escaped.
    pub label: String,
    /// What it said last.
    pub reading: Reading,
    /// 0 to 100; `None` for one that is disabled.
    pub score: Option<u8>,
    /// What happened in the window.
    pub rates: Rates,
    /// Failures and rejections between each reading and the next, the oldest
    /// first.
    pub trouble: Vec<u64>,
    /// What its limits said last, where it has any.
    pub limits: Option<LimitsReading>,
    /// How many calls they have turned away in the window.
    pub limited: u64,
}

/// An alert, escaped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    /// A stable word for its kind.
    pub kind: &'static str,
    /// The breaker, where it is about one that has a name.
    pub breaker: Option<String>,
    /// Its text.
    pub text: String,
}

impl History {
    /// Nothing yet, of a panel with so many slots.
    #[must_use]
    pub fn new(capacity: usize, rules: AlertRules) -> Self {
        Self {
            monitor: Monitor::new(vec![Window::new(); capacity]),
            rules,
            limits: HashMap::new(),
            limited: VecDeque::new(),
            pressure: None,
            tuning_frozen: false,
        }
    }

    /// Forgets everything: the panel is another, with so many slots.
    pub fn restart(&mut self, capacity: usize) {
        *self = Self::new(capacity, self.rules);
    }

    /// Takes a reading of every breaker.
    pub fn observe(&mut self, source: &Source) {
        self.monitor.observe(source.readings());
        self.limits = source.limits();
        self.pressure = source.pressure();
        self.tuning_frozen = source.is_tuning_frozen();
        let refused = |(slot, limits): (&usize, &LimitsReading)| (*slot, limits.refused());
        self.limited.push_back(self.limits.iter().map(refused).collect());
        if self.limited.len() > READINGS {
            self.limited.pop_front();
        }
    }

    /// How many calls of a slot its limits have turned away in the window.
    fn limited(&self, slot: usize) -> u64 {
        let mut seen = self.limited.iter().filter_map(|it| it.get(&slot));
        match (seen.next(), seen.next_back()) {
            (Some(first), Some(last)) => last.saturating_sub(*first),
            _ => 0,
        }
    }

    /// What there is to be shown.
    #[must_use]
    pub fn overview(&self) -> Overview {
        let windows = self.monitor.windows();
        Overview {
            pressure: self.pressure,
            tuning_frozen: self.tuning_frozen,
            rows: windows
                .iter()
                .enumerate()
                .filter_map(|(slot, window)| {
                    let limits = self.limits.get(&slot).copied();
                    Row::new(slot, window, limits, self.limited(slot))
                })
                .collect(),
            capacity: windows.len(),
            score: self.monitor.score(),
            alerts: self
                .monitor
                .alerts(self.rules)
                .map(|alert| Told {
                    kind: alert.kind(),
                    breaker: alert.breaker().map(ToString::to_string),
                    text: escape(&alert.to_string()),
                })
                .collect(),
        }
    }
}

impl Row {
    fn new(
        slot: usize,
        window: &Window<READINGS>,
        limits: Option<LimitsReading>,
        limited: u64,
    ) -> Option<Self> {
        let reading = *window.latest()?;
        Some(Self {
            slot,
            label: names::label(reading.name),
            reading,
            score: window.score(),
            rates: window.rates(),
            trouble: window
                .steps()
                .map(|step| step.counted.failures.saturating_add(step.counted.rejections))
                .collect(),
            limits,
            limited,
        })
    }

    /// Calls a second that its limits turned away, where it has any.
    #[must_use]
    pub fn limited(&self) -> Option<f64> {
        self.limits.map(|_| self.rates.per_second(self.limited))
    }

    /// Failures a second.
    #[must_use]
    pub fn failures(&self) -> f64 {
        self.rates.per_second(self.rates.counted.failures)
    }

    /// Rejections a second.
    #[must_use]
    pub fn rejections(&self) -> f64 {
        self.rates.per_second(self.rates.counted.rejections)
    }

    /// Calls a second that were let through, where they are counted.
    #[must_use]
    pub fn calls(&self) -> Option<f64> {
        self.rates.counts_calls.then(|| self.rates.per_second(self.rates.counted.calls))
    }

    /// Whether it turns calls away: all of them, or some.
    #[must_use]
    pub const fn turns_away(&self) -> bool {
        matches!(self.reading.snapshot.state, State::Open | State::HalfOpen | State::ForcedOpen)
            || self.reading.admits_a_share()
    }
}

impl Overview {
    /// How many breakers turn calls away.
    #[must_use]
    pub fn turning_away(&self) -> usize {
        self.rows.iter().filter(|row| row.turns_away()).count()
    }
}
