//! Draws the screen from what [`App`] knows.

use anstyle::AnsiColor;
use ratatui::{
    Frame,
    layout::{Alignment, Constraint, Layout, Rect},
    style::{Color, Modifier, Style},
    text::{Line, Span},
    widgets::{Block, Cell, Clear, Paragraph, Table},
};
use unicode_width::UnicodeWidthStr as _;

use crate::{
    overview::Row,
    paint, text,
    top::app::{App, Mode},
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
    let told = &app.overview.alerts;
    let mut lines: Vec<_> = told
        .iter()
        .take(MOST_ALERTS)
        .map(|alert| Line::styled(format!(" ! {}", alert.text), style(paint::FAULT)))
        .collect();
    if told.len() > MOST_ALERTS {
        lines.push(Line::styled(
            format!(" ! and {} more alerts", told.len() - MOST_ALERTS),
            style(paint::FAULT),
        ));
    }
    lines
}

fn bottom(app: &App) -> Line<'_> {
    match (&app.mode, &app.message) {
        (Mode::Confirm { action, label, .. }, _) => Line::styled(
            format!(" {} `{label}`? y/n", action.verb()),
            Modifier::BOLD | Modifier::REVERSED,
        ),
        (Mode::Filter, _) => Line::raw(format!(" /{}\u{2588}  enter keeps, esc clears", app.filter)),
        (_, Some(message)) => Line::styled(format!(" {message}"), Modifier::BOLD),
        _ => Line::styled(
            " s sort  i isolate  c close  d disable  r reset  / filter  ? help  q quit",
            Modifier::DIM,
        ),
    }
}

/// A column of the list: its head, its width, the width of a screen that has
/// room for it.
struct Column {
    title: &'static str,
    width: u16,
    from: u16,
    right: bool,
}

const fn column(title: &'static str, width: u16, from: u16, right: bool) -> Column {
    Column { title, width, from, right }
}

const COLUMNS: [Column; 10] = [
    column("NAME", 0, 0, false), // as wide as the names
    column("STATE", 11, 0, false),
    column("LEFT", 7, 40, true),
    column("OPEN FOR", 8, 100, true),
    column("STREAK", 9, 72, true),
    column("FAIL/S", 6, 50, true),
    column("REJ/S", 6, 58, true),
    column("CALL/S", 6, 110, true),
    column("SCORE", 5, 64, true),
    column("FAILED + REJECTED", 17, 84, false), // takes the rest
];

fn draw_list(frame: &mut Frame<'_>, app: &mut App, area: Rect) {
    app.page = usize::from(area.height.saturating_sub(1));
    let rows = app.rows();
    let picked = app.line(&rows);
    let first = app.first.min(picked).max((picked + 1).saturating_sub(app.page));
    let names = rows.iter().map(|row| row.label.width()).max().unwrap_or(0).clamp(4, 40);
    // Half of a narrow screen, so that the state is seen, too.
    let names = u16::try_from(names).unwrap_or(40).min((area.width / 2).max(4));

    let shown: Vec<_> = COLUMNS.iter().filter(|column| area.width >= column.from).collect();
    let widths = shown.iter().map(|column| match column.title {
        "NAME" => Constraint::Length(names),
        "FAILED + REJECTED" => Constraint::Fill(1),
        _ => Constraint::Length(column.width),
    });
    let aligned = |text: Line<'static>, column: &Column| {
        Cell::new(if column.right { text.alignment(Alignment::Right) } else { text })
    };
    let lines = rows.iter().enumerate().skip(first).take(app.page).map(|(line, row)| {
        let cells = shown.iter().map(|column| aligned(cell(row, column.title), column));
        let look = if line == picked { Modifier::REVERSED } else { Modifier::empty() };
        ratatui::widgets::Row::new(cells).style(look)
    });
    let head = shown.iter().map(|column| aligned(Line::raw(column.title), column));
    let table = Table::new(lines, widths)
        .header(ratatui::widgets::Row::new(head).style(Modifier::BOLD))
        .column_spacing(2);
    let empty = rows.is_empty().then(|| {
        if app.overview.rows.is_empty() {
            "no breaker is registered in this panel yet"
        } else {
            "no breaker has a name that contains the filter"
        }
    });
    frame.render_widget(table, area);
    if let Some(empty) = empty {
        let [_, below] =
            Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]).areas(area);
        frame.render_widget(Line::styled(empty, Modifier::DIM), below);
    }
    app.first = first;
}

fn cell(row: &Row, title: &str) -> Line<'static> {
    let reading = &row.reading;
    let snapshot = reading.snapshot;
    let time = |time: Option<_>| Line::raw(time.map_or_else(|| "-".into(), text::short));
    match title {
        "NAME" => match reading.fault {
            // Where there is no room for more.
            Some(_) => Line::styled(format!("{} (!)", row.label), style(paint::FAULT)),
            None => Line::raw(row.label.clone()),
        },
        "STATE" => Line::styled(snapshot.state.to_string(), style(paint::state(snapshot.state))),
        "LEFT" => time(reading.time_left),
        "OPEN FOR" => time(reading.open_for),
        "STREAK" if snapshot.state == fusebox::State::Closed => Line::raw(format!(
            "{}/{}",
            snapshot.consecutive_failures,
            reading.settings.failure_threshold()
        )),
        "STREAK" => Line::raw("-"),
        "FAIL/S" => Line::raw(text::rate(row.failures())),
        "REJ/S" => Line::raw(text::rate(row.rejections())),
        "CALL/S" => Line::raw(row.calls().map_or_else(|| "-".into(), text::rate)),
        "SCORE" => Line::styled(
            row.score.map_or_else(|| "-".into(), |score| score.to_string()),
            style(paint::score(row.score)),
        ),
        _ => Line::styled(text::sparkline(&row.trouble), Color::Yellow),
    }
}

const HELP: [&str; 12] = [
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
    "(!)            something is wrong with its memory",
    "q, Esc         quit",
];

fn draw_help(frame: &mut Frame<'_>) {
    let all = frame.area();
    let (width, height) = (54.min(all.width), 14.min(all.height));
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

/// The same look for ratatui.
fn style(style: anstyle::Style) -> Style {
    let mut own = Style::new();
    if let Some(anstyle::Color::Ansi(color)) = style.get_fg_color() {
        own = own.fg(match color {
            AnsiColor::Green => Color::Green,
            AnsiColor::Red => Color::Red,
            AnsiColor::Yellow => Color::Yellow,
            AnsiColor::Magenta => Color::Magenta,
            _ => Color::DarkGray,
        });
    }
    if style.get_effects().contains(anstyle::Effects::BOLD) {
        own = own.bold();
    }
    own
}
