//! The looks of [`paint`](crate::paint), for ratatui.

use anstyle::{AnsiColor, Effects};
use ratatui::style::{Color, Style};

/// The same look for ratatui.
/// The same look for ratatui.
pub(crate) fn style(style: anstyle::Style) -> Style {
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
    if style.get_effects().contains(Effects::BOLD) {
        own = own.bold();
    }
    own
}
