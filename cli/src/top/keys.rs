//! What the same keys do in every list: move in it, and type its filter.

use ratatui::crossterm::event::KeyCode;

/// How many lines a key moves, in a list of which so many are on the screen; `None` if it
/// does not move.
pub(crate) fn steps(key: KeyCode, page: usize) -> Option<isize> {
    Some(match key {
        KeyCode::Up | KeyCode::Char('k') => -1,
        KeyCode::Down | KeyCode::Char('j') => 1,
        KeyCode::PageUp => -page.cast_signed(),
        KeyCode::PageDown => page.cast_signed(),
        KeyCode::Home | KeyCode::Char('g') => isize::MIN,
        KeyCode::End | KeyCode::Char('G') => isize::MAX,
        _ => return None,
    })
}

/// What a key does to a filter that is typed. Returns whether the typing goes on.
pub(crate) fn type_filter(filter: &mut String, key: KeyCode) -> bool {
    match key {
        KeyCode::Enter => return false,
        KeyCode::Esc => {
            filter.clear();
            return false;
        }
        KeyCode::Backspace => drop(filter.pop()),
        // A name has 64 bytes at most, and its escapes are longer.
        KeyCode::Char(c) if filter.len() < 400 => filter.push(c),
        _ => {}
    }
    true
}
