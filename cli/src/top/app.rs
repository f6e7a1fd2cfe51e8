//! What the screen shows and what keys do to it: no terminal here.

use std::cmp::Reverse;

use fusebox::State;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::{
    action::Action,
    overview::{Overview, Row},
    top::keys,
};

/// The screen's state.
pub(super) struct App {
    /// The file, escaped.
    pub(super) panel: String,
    /// Whether breakers may be changed.
    pub(super) writable: bool,
    pub(super) overview: Overview,
    /// Why no program that starts now would share what is shown.
    pub(super) problem: Option<String>,
    pub(super) sort: Sort,
    /// Shown are only names that contain it.
    pub(super) filter: String,
    pub(super) mode: Mode,
    /// What to tell until the next key.
    pub(super) message: Option<String>,
    /// The slot of the breaker that is picked.
    picked: Option<usize>,
    /// The first line of the list that is on the screen.
    pub(super) first: usize,
    /// How many lines of the list were on the screen last.
    pub(super) page: usize,
}

/// What keys mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mode {
    List,
    /// The filter is typed.
    Filter,
    /// An answer is due: yes or no.
    Confirm {
        action: Action,
        slot: usize,
        label: String,
    },
    Help,
}

/// The order of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Name,
    /// The worst first.
    State,
    /// The lowest first.
    Score,
    /// The most failures and rejections a second first.
    Rate,
}

impl Sort {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::State => "state",
            Self::Score => "score",
            Self::Rate => "rate",
        }
    }

    const fn next(self) -> Self {
        match self {
            Self::Name => Self::State,
            Self::State => Self::Score,
            Self::Score => Self::Rate,
            Self::Rate => Self::Name,
        }
    }
}

/// What is to be done outside.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Todo {
    Nothing,
    Quit,
    Act { action: Action, slot: usize, label: String },
}

impl App {
    pub(super) fn new(panel: &str, writable: bool) -> Self {
        Self {
            panel: panel.into(),
            writable,
            overview: Overview::default(),
            problem: None,
            sort: Sort::Name,
            filter: String::new(),
            mode: Mode::List,
            message: None,
            picked: None,
            first: 0,
            page: 1,
        }
    }

    pub(super) fn update(&mut self, overview: Overview) {
        self.overview = overview;
    }

    pub(super) fn say(&mut self, message: &str) {
        self.message = Some(message.into());
    }

    /// The rows of the list, filtered and in order.
    pub(super) fn rows(&self) -> Vec<&Row> {
        let filter = self.filter.to_lowercase();
        let mut rows: Vec<&Row> = self
            .overview
            .rows
            .iter()
            .filter(|row| row.label.to_lowercase().contains(&filter))
            .collect();
        rows.sort_by(|one, other| {
            let by_name = || one.label.cmp(&other.label).then(one.slot.cmp(&other.slot));
            match self.sort {
                Sort::Name => by_name(),
                Sort::State => severity(one).cmp(&severity(other)).then_with(by_name),
                // Those without a score last.
                Sort::Score => one
                    .score
                    .unwrap_or(u8::MAX)
                    .cmp(&other.score.unwrap_or(u8::MAX))
                    .then_with(by_name),
                Sort::Rate => trouble(other).total_cmp(&trouble(one)).then_with(by_name),
            }
        });
        rows
    }

    /// The line that is picked, of `rows`; the first if that one has gone.
    pub(super) fn line(&self, rows: &[&Row]) -> usize {
        rows.iter().position(|row| Some(row.slot) == self.picked).unwrap_or(0)
    }

    /// What a key does.
    pub(super) fn press(&mut self, key: KeyEvent) -> Todo {
        if key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c') {
            return Todo::Quit;
        }
        self.message = None;
        match std::mem::replace(&mut self.mode, Mode::List) {
            Mode::List => self.press_in_list(key.code),
            Mode::Filter => {
                if keys::type_filter(&mut self.filter, key.code) {
                    self.mode = Mode::Filter;
                }
                Todo::Nothing
            }
            Mode::Confirm { action, slot, label } => {
                if matches!(key.code, KeyCode::Char('y' | 'Y')) {
                    return Todo::Act { action, slot, label };
                }
                self.say("nothing was changed");
                Todo::Nothing
            }
            Mode::Help => Todo::Nothing,
        }
    }

    fn press_in_list(&mut self, key: KeyCode) -> Todo {
        match key {
            KeyCode::Char('q') | KeyCode::Esc => return Todo::Quit,
            KeyCode::Char('s') => self.sort = self.sort.next(),
            KeyCode::Char('/') => self.mode = Mode::Filter,
            KeyCode::Char('?' | 'h') => self.mode = Mode::Help,
            KeyCode::Char('i') => self.ask(Action::Isolate),
            KeyCode::Char('c') => self.ask(Action::Close),
            KeyCode::Char('d') => self.ask(Action::Disable),
            KeyCode::Char('r') => self.ask(Action::Reset),
            key => {
                if let Some(by) = keys::steps(key, self.page) {
                    self.step(by);
                }
            }
        }
        Todo::Nothing
    }

    fn step(&mut self, by: isize) {
        let rows = self.rows();
        let last = rows.len().saturating_sub(1);
        let line = self.line(&rows).saturating_add_signed(by).min(last);
        self.picked = rows.get(line).map(|row| row.slot);
    }

    fn ask(&mut self, action: Action) {
        if !self.writable {
            return self.say("this user may only read the file: nothing can be changed");
        }
        let rows = self.rows();
        if let Some(row) = rows.get(self.line(&rows)) {
            let (slot, label) = (row.slot, row.label.clone());
            // It stays picked, whatever the change does to the order.
            self.picked = Some(slot);
            self.mode = Mode::Confirm { action, slot, label };
        }
    }
}

/// The worst first.
const fn severity(row: &Row) -> Reverse<u8> {
    Reverse(match row.reading.snapshot.state {
        State::Open => 5,
        State::ForcedOpen => 4,
        State::HalfOpen => 3,
        State::Closed if row.reading.admits_a_share() => 2,
        State::Closed => 0,
        _ => 1,
    })
}

/// Failures and rejections a second.
fn trouble(row: &Row) -> f64 {
    row.failures() + row.rejections()
}
