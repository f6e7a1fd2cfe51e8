//! Draws the screen from what [`App`] knows.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Modifier,
    text::{Line, Span},
    widgets::{self, Block, Clear, Paragraph, Table},
};

use crate::{
    paint,
    top::{
        app::{App, Mode},
        columns::{COLUMNS, Column, name_width},
        look::style,
    },
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
    if app.mode == Mode::Help {
        draw_help(frame);
    }
}

fn summary(app: &App) -> Line<'_> {
    let score = app.overview.score;
    let (shown, all) = (app.rows().len(), app.overview.rows.len());
    let mut line = Line::from_iter([
        Span::styled(" fusebox ", Modifier::BOLD | Modifier::REVERSED),
        Span::raw("  score "),
        Span::styled(
            score.map_or_else(|| "-".into(), |score| score.to_string()),
            style(paint::score(score)),
        ),
        Span::raw(format!(
            "   {} of {all} turn calls away   sorted by {}",
            app.overview.turning_away(),
            app.sort.name()
        )),
    ]);
    if let Some(pressed) = &app.overview.pressure {
        line.push_span(Span::raw(format!("   host {}", pressed.level)));
    }
    if !app.filter.is_empty() {
        line.push_span(Span::raw(format!("   {shown} match /{}", app.filter)));
    }
    if !app.writable {
        line.push_span(Span::styled("   read only", Modifier::DIM));
    }
    line.push_span(Span::styled(format!("   {}", app.panel), Modifier::DIM));
    line
}

fn alerts(app: &App) -> Vec<Line<'static>> {
    let told: Vec<&str> = app
        .problem
        .iter()
        .map(String::as_str)
        .chain(app.overview.alerts.iter().map(|alert| alert.text.as_str()))
        .collect();
    let line = |text: &str| Line::styled(format!(" ! {text}"), style(paint::FAULT));
    let mut lines: Vec<_> = told.iter().take(MOST_ALERTS).map(|text| line(text)).collect();
    if told.len() > MOST_ALERTS {
        lines.push(line(&format!("and {} more alerts", told.len() - MOST_ALERTS)));
    }
    lines
}

fn bottom(app: &App) -> Line<'_> {
    match (&app.mode, &app.message) {
        (Mode::Confirm { action, label, .. }, _) => Line::styled(
            format!(" {} `{label}`? y/n", action.verb()),
            Modifier::BOLD | Modifier::REVERSED,
        ),
        (Mode::Filter, _) => {
            Line::raw(format!(" /{}\u{2588}  enter keeps, esc clears", app.filter))
        }
        (_, Some(message)) => Line::styled(format!(" {message}"), Modifier::BOLD),
        _ => Line::styled(
            " s sort  i isolate  c close  d disable  r reset  / filter  ? help  q quit",
            Modifier::DIM,
        ),
    }
}

fn draw_list(frame: &mut Frame<'_>, app: &mut App, area: Rect) {
    app.page = usize::from(area.height.saturating_sub(1));
    let rows = app.rows();
    let picked = app.line(&rows);
    // The line that is picked stays on the screen.
    let first = app.first.min(picked).max((picked + 1).saturating_sub(app.page));
    let names = rows.iter().map(|row| name_width(row)).max().unwrap_or(0);

    let all = &app.overview.rows;
    let fits = |column: &&Column| area.width >= column.from && column.when.holds(all);
    let shown: Vec<_> = COLUMNS.iter().filter(fits).collect();
    let widths = shown.iter().map(|column| column.width.constraint(names, area.width));
    let lines = rows.iter().enumerate().skip(first).take(app.page).map(|(line, row)| {
        let cells = shown.iter().map(|column| column.cell((column.show)(row)));
        let look = if line == picked { Modifier::REVERSED } else { Modifier::empty() };
        widgets::Row::new(cells).style(look)
    });
    let head = shown.iter().map(|column| column.cell(Line::raw(column.title)));
    let table = Table::new(lines, widths)
        .header(widgets::Row::new(head).style(Modifier::BOLD))
        .column_spacing(2);
    frame.render_widget(table, area);
    if rows.is_empty() {
        let why = if app.overview.rows.is_empty() {
            "no breaker is registered in this panel yet"
        } else {
            "no breaker has a name that contains the filter"
        };
        let [_, below] = Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]).areas(area);
        frame.render_widget(Line::styled(why, Modifier::DIM), below);
    }
    app.first = first;
}

const HELP: [&str; 14] = [
    "arrows, j, k   pick a breaker",
    "PgUp, PgDn     a page further",
    "Home, End      the first, the last",
    "s              sort by name, state, score, rate",
    "/              show only names that contain a text",
    "i              isolate: open by force",
    "c              close",
    "d              disable: admit all, count nothing",
    "r              reset",
    "               each asks first; y says yes",
    "admits 40%     closed: sheds load, or lets calls",
    "               back until LEFT has passed",
    "! before name  something is wrong with its memory",
    "q, Esc         quit",
];

fn draw_help(frame: &mut Frame<'_>) {
    let all = frame.area();
    let (width, height) = (54.min(all.width), 16.min(all.height));
    let area = Rect {
        x: all.x + (all.width - width) / 2,
        y: all.y + (all.height - height) / 2,
        width,
        height,
    };
    frame.render_widget(Clear, area);
    let lines: Vec<_> = HELP.into_iter().map(Line::raw).collect();
    frame.render_widget(
        Paragraph::new(lines).block(Block::bordered().title(" any key goes back ")),
        area,
    );
}

#[cfg(test)]
mod tests {
    use fusebox::{BreakerConfig, CircuitBreaker, health::Rates};
    use ratatui::{Terminal, backend::TestBackend};

    use super::*;
    use crate::overview::{Overview, Row, Told};

    /// A panel of so many breakers, drawn.
    fn drawn(breakers: usize, width: u16, height: u16, keys: usize) -> String {
        let breaker = CircuitBreaker::new(BreakerConfig::new().build());
        let rows = (0..breakers).map(|slot| Row {
            slot,
            label: format!("breaker_{slot:03}"),
            reading: breaker.reading(),
            score: Some(100),
            rates: Rates::default(),
            trouble: [vec![0; 59], vec![9]].concat(),
            limits: None,
            limited: 0,
        });
        let told = |at| Told { kind: "fallbacks", breaker: None, text: format!("alert {at}") };
        let mut app = App::new("/panel", true);
        app.update(Overview {
            pressure: None,
            tuning_frozen: false,
            rows: rows.collect(),
            capacity: breakers,
            score: Some(100),
            alerts: (0..6).map(told).collect(),
        });
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, &mut app)).unwrap();
        for _ in 0..keys {
            app.press(ratatui::crossterm::event::KeyCode::Down.into());
            terminal.draw(|frame| draw(frame, &mut app)).unwrap();
        }
        terminal.backend().to_string()
    }

    #[test]
    fn the_newest_end_of_a_sparkline_is_always_seen() {
        for width in [90, 110, 140, 200] {
            let screen = drawn(1, width, 20, 0);
            assert!(screen.contains("▁▁▁▁▁█"), "{width}: {screen}");
        }
    }

    #[test]
    fn the_list_scrolls_with_what_is_picked() {
        let screen = drawn(100, 80, 20, 50);
        assert!(screen.contains("breaker_050") && !screen.contains("breaker_000"), "{screen}");
        let screen = drawn(100, 80, 20, 300);
        assert!(screen.contains("breaker_099"), "{screen}");
    }

    #[test]
    fn of_many_alerts_the_list_keeps_its_room() {
        let screen = drawn(1, 80, 10, 0);
        assert!(screen.contains("alert 3") && screen.contains("and 2 more alerts"), "{screen}");
        assert!(screen.contains("breaker_000"), "{screen}");
    }

    #[test]
    fn no_size_is_too_small() {
        for width in (1..=60).step_by(7) {
            for height in 1..=8 {
                drawn(3, width, height, 3);
            }
        }
    }
}
