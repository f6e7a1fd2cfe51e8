//! The columns of the list.

use fusebox::State;
use ratatui::{
    layout::{Alignment, Constraint},
    style::Color,
    text::Line,
    widgets::Cell,
};
use unicode_width::UnicodeWidthStr as _;

use crate::{overview::Row, paint, share, text, top::look::style};

/// A column of the list.
pub(super) struct Column {
    pub(super) title: &'static str,
    pub(super) width: Width,
    /// A screen that is narrower has no room for it.
    pub(super) from: u16,
    /// Numbers go to the right.
    right: bool,
    /// Where it is of use.
    pub(super) when: When,
    pub(super) show: fn(&Row) -> Line<'static>,
}

/// A column takes room only where it says something of some breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Always,
    /// Where some slot has a limit.
    Limits,
    /// Where some breaker sheds load or lets calls back.
    Share,
}

impl When {
    pub(super) fn holds(self, rows: &[Row]) -> bool {
        match self {
            Self::Always => true,
            Self::Limits => rows.iter().any(|row| row.limits.is_some()),
            Self::Share => rows.iter().any(|row| row.reading.admits_a_share()),
        }
    }
}

pub(super) enum Width {
    /// As wide as the names.
    Names,
    Fixed(u16),
    /// What is left, up to a character for each reading.
    Rest,
}

impl Width {
    pub(super) fn constraint(&self, names: usize, screen: u16) -> Constraint {
        match self {
            // Half of a narrow screen, so that the state is seen, too.
            Self::Names => Constraint::Length(
                u16::try_from(names).unwrap_or(u16::MAX).clamp(4, 40).min((screen / 2).max(4)),
            ),
            Self::Fixed(width) => Constraint::Length(*width),
            Self::Rest => Constraint::Max(60),
        }
    }
}

impl Column {
    pub(super) fn cell(&self, text: Line<'static>) -> Cell<'static> {
        Cell::new(if self.right { text.alignment(Alignment::Right) } else { text })
    }
}

const fn left(
    title: &'static str,
    width: Width,
    from: u16,
    show: fn(&Row) -> Line<'static>,
) -> Column {
    Column { title, width, from, right: false, when: When::Always, show }
}

const fn right(
    title: &'static str,
    width: u16,
    from: u16,
    show: fn(&Row) -> Line<'static>,
) -> Column {
    Column { title, width: Width::Fixed(width), from, right: true, when: When::Always, show }
}

pub(super) const COLUMNS: [Column; 13] = [
    left("NAME", Width::Names, 0, name),
    left("STATE", Width::Fixed(11), 0, |row| {
        Line::styled(share::short_state(&row.reading), style(share::style(&row.reading)))
    }),
    right("LEFT", 7, 40, |row| shown(row.reading.time_left.or(row.reading.ramp_left), text::short)),
    right("OPEN FOR", 8, 100, |row| shown(row.reading.open_for, text::short)),
    right("POINTS", 9, 72, points),
    right("FAIL/S", 6, 50, |row| Line::raw(text::rate(row.failures()))),
    right("REJ/S", 6, 58, |row| Line::raw(text::rate(row.rejections()))),
    Column {
        when: When::Share,
        ..right("SHEDS", 5, 94, |row| shown(share::sheds(&row.reading), |it| it))
    },
    Column {
        when: When::Share,
        ..left("ADMITS FROM", Width::Fixed(11), 106, |row| {
            shown(share::admits_from(&row.reading), |it| it)
        })
    },
    right("CALL/S", 6, 110, |row| shown(row.calls(), text::rate)),
    Column { when: When::Limits, ..right("LIM/S", 6, 92, |row| shown(row.limited(), text::rate)) },
    right("SCORE", 5, 64, |row| {
        shown(row.score, |score| score.to_string()).style(style(paint::score(row.score)))
    }),
    // To the right: where it is too long its end stays, which is now.
    Column {
        title: "FAILED + REJECTED",
        width: Width::Rest,
        from: 84,
        right: true,
        when: When::Always,
        show: |row| Line::styled(text::sparkline(&row.trouble), Color::Yellow),
    },
];

fn name(row: &Row) -> Line<'static> {
    match row.reading.fault {
        // In front: a long name is cut at its end.
        Some(_) => Line::styled(format!("! {}", row.label), style(paint::FAULT)),
        None => Line::raw(row.label.clone()),
    }
}

/// The columns that a name takes.
pub(super) fn name_width(row: &Row) -> usize {
    row.label.width() + if row.reading.fault.is_some() { 2 } else { 0 }
}

fn points(row: &Row) -> Line<'static> {
    let (snapshot, settings) = (row.reading.snapshot, row.reading.settings);
    let points = (snapshot.state == State::Closed)
        .then(|| format!("{}/{}", snapshot.score, settings.failure_threshold()));
    shown(points, |it| it)
}

fn shown<T>(value: Option<T>, show: impl Fn(T) -> String) -> Line<'static> {
    Line::raw(value.map_or_else(|| "-".into(), show))
}
