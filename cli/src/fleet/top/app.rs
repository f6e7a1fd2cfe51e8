//! What the screen shows and what keys do to it: no terminal here.

use std::{cmp::Reverse, sync::Arc};

use fusebox::Name;
use fusebox_fleet::What;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::{
    fleet::{view::Breaker, watcher::Latest},
    top::keys,
};

/// The screen's state.
pub(super) struct App {
    /// The fleet's namespace, escaped.
    pub(super) namespace: String,
    /// Whether there is a key to sign orders with.
    pub(super) can_order: bool,
    pub(super) latest: Arc<Latest>,
    pub(super) sort: Sort,
    /// Shown are only names that contain it.
    pub(super) filter: String,
    pub(super) mode: Mode,
    /// What to tell until the next key.
    pub(super) message: Option<String>,
    picked: Option<Name>,
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
        what: What,
        name: Name,
        label: String,
    },
}

/// The order of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Name,
    /// Open on the most instances first.
    Instances,
    /// The most failures first.
    Failures,
}

impl Sort {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Instances => "instances",
            Self::Failures => "failures",
        }
    }

    const fn next(self) -> Self {
        match self {
            Self::Name => Self::Instances,
            Self::Instances => Self::Failures,
            Self::Failures => Self::Name,
        }
    }
}

/// What is to be done outside.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Todo {
    Nothing,
    Quit,
    Order { what: What, name: Name },
}

impl App {
    pub(super) fn new(namespace: &str, can_order: bool) -> Self {
        Self {
            namespace: namespace.into(),
            can_order,
            latest: Arc::default(),
            sort: Sort::Name,
            filter: String::new(),
            mode: Mode::List,
            message: None,
            picked: None,
            first: 0,
            page: 1,
        }
    }

    pub(super) fn update(&mut self, latest: Arc<Latest>) {
        self.latest = latest;
    }

    pub(super) fn say(&mut self, message: &str) {
        self.message = Some(message.into());
    }

    /// The rows of the list, filtered and in order.
    pub(super) fn rows(&self) -> Vec<&Breaker> {
        let filter = self.filter.to_lowercase();
        let mut rows: Vec<_> = self
            .latest
            .view
            .breakers
            .iter()
            .filter(|row| row.label.to_lowercase().contains(&filter))
            .collect();
        // They come in the order of their names, and the sort is stable.
        match self.sort {
            Sort::Name => {}
            Sort::Instances => rows.sort_by_key(|row| Reverse((row.turned_away(), row.primed))),
            Sort::Failures => rows.sort_by_key(|row| Reverse(row.failures)),
        }
        rows
    }

    /// The line that is picked, of `rows`; the first if that one has gone.
    pub(super) fn line(&self, rows: &[&Breaker]) -> usize {
        rows.iter().position(|row| Some(row.name) == self.picked).unwrap_or(0)
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
            Mode::Confirm { what, name, .. } => {
                if matches!(key.code, KeyCode::Char('y' | 'Y')) {
                    return Todo::Order { what, name };
                }
                self.say("nothing was ordered");
                Todo::Nothing
            }
        }
    }

    fn press_in_list(&mut self, key: KeyCode) -> Todo {
        match key {
            KeyCode::Char('q') | KeyCode::Esc => return Todo::Quit,
            KeyCode::Char('s') => self.sort = self.sort.next(),
            KeyCode::Char('/') => self.mode = Mode::Filter,
            KeyCode::Char('i') => self.ask(What::Isolate),
            KeyCode::Char('c') => self.ask(What::Close),
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
        self.picked = rows.get(line).map(|row| row.name);
    }

    fn ask(&mut self, what: What) {
        if !self.can_order {
            return self.say("no key to sign an order with: see --key-file");
        }
        let rows = self.rows();
        if let Some(row) = rows.get(self.line(&rows)) {
            let (name, label) = (row.name, row.label.clone());
            self.picked = Some(name);
            self.mode = Mode::Confirm { what, name, label };
        }
    }
}
