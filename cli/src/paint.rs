//! The colours of states and scores, the same on every screen.

use anstyle::{AnsiColor, Color, Style};
use fusebox::State;

/// How a state looks. Its word stands beside the colour, always.
#[must_use]
pub const fn state(state: State) -> Style {
    match state {
        State::Closed => fg(AnsiColor::Green),
        State::Open => fg(AnsiColor::Red).bold(),
        State::HalfOpen => fg(AnsiColor::Yellow),
        State::ForcedOpen => fg(AnsiColor::Magenta).bold(),
        _ => fg(AnsiColor::BrightBlack),
    }
}

/// How a score looks.
#[must_use]
pub const fn score(score: Option<u8>) -> Style {
    match score {
        Some(80..) => fg(AnsiColor::Green),
        Some(50..80) => fg(AnsiColor::Yellow),
        Some(_) => fg(AnsiColor::Red).bold(),
        None => fg(AnsiColor::BrightBlack),
    }
}

/// What is wrong with a breaker's memory.
pub const FAULT: Style = fg(AnsiColor::Red);

/// A head of columns.
pub const HEAD: Style = Style::new().bold();

const fn fg(color: AnsiColor) -> Style {
    Style::new().fg_color(Some(Color::Ansi(color)))
}
