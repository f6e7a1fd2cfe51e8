//! Draws the screen from what [`App`] knows.

use fusebox::State;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Modifier, Style},
    text::{Line, Span},
    widgets::{Paragraph, Row, Table},
};
use unicode_width::UnicodeWidthStr as _;

use crate::{
    fleet::{
        table,
        top::app::{App, Mode},
        view::Breaker,
    },
    paint, text,
    top::look::style,
};

/// Of more alerts only the number is shown: the list needs room, too.
const MOST_ALERTS: usize = 4;

/// Draws everything; what does not fit is left out.
pub(super) fn draw(frame: &mut Frame<'_>, app: &mut App) {
    let alerts = alerts(app);
    let height = u16::try_from(alerts.len()).unwrap_or(u16::MAX);
    let [head, told, list, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(height),
        Constraint::Fill(1),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    frame.render_widget(summary(app), head);
    frame.render_widget(Paragraph::new(alerts), told);
    draw_list(frame, app, list);
    frame.render_widget(bottom(app), foot);
}

fn summary(app: &App) -> Line<'_> {
    let mut line = Line::from_iter([
        Span::styled(" fusebox ", Modifier::BOLD | Modifier::REVERSED),
        Span::raw(format!("  {}", table::head(&app.latest.view))),
        Span::raw(format!("   sorted by {}", app.sort.name())),
    ]);
    if !app.filter.is_empty() {
        line.push_span(Span::raw(format!("   {} match /{}", app.rows().len(), app.filter)));
    }
    line.push_span(Span::styled(format!("   {}", app.namespace), Modifier::DIM));
    line
}

fn alerts(app: &App) -> Vec<Line<'static>> {
    let told = &app.latest.alerts;
    let line = |text: &str| Line::styled(format!(" ! {text}"), style(paint::FAULT));
    let mut lines: Vec<_> = told.iter().take(MOST_ALERTS).map(|it| line(&it.text)).collect();
    if told.len() > MOST_ALERTS {
        lines.push(line(&format!("and {} more alerts", told.len() - MOST_ALERTS)));
    }
    lines
}

fn bottom(app: &App) -> Line<'_> {
    match (&app.mode, &app.message) {
        (Mode::Confirm { what, label, .. }, _) => {
            let verb = match what {
                fusebox_fleet::What::Close => "close",
                _ => "isolate",
            };
            Line::styled(
                format!(" {verb} `{label}` on every instance? y/n"),
                Modifier::BOLD | Modifier::REVERSED,
            )
        }
        (Mode::Filter, _) => {
            Line::raw(format!(" /{}\u{2588}  enter keeps, esc clears", app.filter))
        }
        (_, Some(message)) => Line::styled(format!(" {message}"), Modifier::BOLD),
        _ => Line::styled(" s sort  i isolate  c close  / filter  q quit", Modifier::DIM),
    }
}

const HEADS: [&str; 8] =
    ["NAME", "OPEN", "HALF-OPEN", "FORCED", "DISABLED", "PRIMED", "FAILURES", "LEFT"];

fn draw_list(frame: &mut Frame<'_>, app: &mut App, area: Rect) {
    app.page = usize::from(area.height.saturating_sub(1));
    let rows = app.rows();
    let picked = app.line(&rows);
    // The line that is picked stays on the screen.
    let first = app.first.min(picked).max((picked + 1).saturating_sub(app.page));
    let names = rows.iter().map(|row| row.label.width()).max().unwrap_or(0).max(4);
    let names = u16::try_from(names).unwrap_or(u16::MAX).min(area.width / 2);
    let numbers = [6, 9, 6, 8, 6, 8, 7].map(Constraint::Length);
    let widths: Vec<_> = std::iter::once(Constraint::Length(names)).chain(numbers).collect();
    let lines = rows.iter().enumerate().skip(first).take(app.page).map(|(line, row)| {
        let look = if line == picked { Modifier::REVERSED } else { Modifier::empty() };
        Row::new(cells(row)).style(look)
    });
    let head = HEADS.iter().enumerate().map(|(at, head)| {
        let line = Line::raw(*head);
        if at == 0 { line } else { line.right_aligned() }
    });
    let list =
        Table::new(lines, widths).header(Row::new(head).style(Modifier::BOLD)).column_spacing(2);
    frame.render_widget(list, area);
    if rows.is_empty() {
        let why = if app.latest.view.breakers.is_empty() {
            "no instance says that a breaker is not well"
        } else {
            "no breaker has a name that contains the filter"
        };
        let [_, below] = Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]).areas(area);
        frame.render_widget(Line::styled(why, Modifier::DIM), below);
    }
    app.first = first;
}

fn cells(row: &Breaker) -> [Line<'static>; 8] {
    let count = |number: usize, state| {
        let look = if number == 0 { Style::new() } else { style(paint::state(state)) };
        Line::styled(number.to_string(), look).right_aligned()
    };
    [
        Line::raw(row.label.clone()),
        count(row.open, State::Open),
        count(row.half_open, State::HalfOpen),
        count(row.forced, State::ForcedOpen),
        count(row.disabled, State::Disabled),
        count(row.primed, State::HalfOpen),
        Line::raw(row.failures.to_string()).right_aligned(),
        Line::raw(row.left.map_or_else(|| "-".into(), text::short)).right_aligned(),
    ]
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use fusebox::Name;
    use fusebox_fleet::{FleetConfig, News, Register, Report};
    use ratatui::{Terminal, backend::TestBackend, crossterm::event::KeyCode};

    use super::*;
    use crate::{
        fleet::{top::app::Todo, view::View, watcher::Latest},
        overview::Told,
    };

    fn app(breakers: usize) -> App {
        let register = |at| Register {
            name: Name::new(&format!("breaker_{at:03}")),
            state: State::Open,
            generation: 1,
            failures: 255,
            left: Duration::from_secs(30),
        };
        let registers = (0..breakers).map(register).collect();
        let bytes = Report { registers, ..Report::default() }.encode();
        let news = News { instance: "host-0".into(), bytes, age: Duration::ZERO };
        let config = FleetConfig::new("reader").build().unwrap();
        let told = |at| Told { kind: "open_in_fleet", breaker: None, text: format!("alert {at}") };
        let mut app = App::new("shop", true);
        app.update(Arc::new(Latest {
            view: View::of(&[news], &[], &config),
            alerts: (0..6).map(told).collect(),
            ..Latest::default()
        }));
        app
    }

    fn drawn(app: &mut App, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, app)).unwrap();
        terminal.backend().to_string()
    }

    #[test]
    fn the_list_scrolls_and_alerts_leave_it_room() {
        let mut app = app(100);
        for _ in 0..50 {
            app.press(KeyCode::Down.into());
        }
        let screen = drawn(&mut app, 100, 20);
        assert!(screen.contains("breaker_050") && !screen.contains("breaker_000"), "{screen}");
        assert!(
            screen.contains("1 instance alive") && screen.contains("2 more alerts"),
            "{screen}"
        );
    }

    #[test]
    fn an_order_is_asked_for_and_needs_a_key() {
        let mut app = app(2);
        app.press(KeyCode::Down.into());
        app.press(KeyCode::Char('i').into());
        let screen = drawn(&mut app, 100, 20);
        assert!(screen.contains("isolate `breaker_001` on every instance? y/n"), "{screen}");
        let expected =
            Todo::Order { what: fusebox_fleet::What::Isolate, name: Name::new("breaker_001") };
        assert_eq!(app.press(KeyCode::Char('y').into()), expected);
        app.press(KeyCode::Char('c').into());
        assert_eq!(app.press(KeyCode::Char('n').into()), Todo::Nothing);
        app.can_order = false;
        app.press(KeyCode::Char('c').into());
        assert!(drawn(&mut app, 100, 20).contains("see --key-file"));
    }

    #[test]
    fn no_size_is_too_small() {
        for width in (1..=60).step_by(7) {
            for height in 1..=8 {
                drawn(&mut app(3), width, height);
            }
        }
    }
}
