//! A table for a terminal or a pipe: aligned, never cut.

use std::fmt::Write as _;

use anstyle::Style;
use unicode_width::UnicodeWidthStr as _;

/// A column's head, and to which side its cells go.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// The head.
    pub title: &'static str,
    /// Numbers go to the right.
    pub right: bool,
}

/// A cell, escaped already.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    /// Its text.
    pub text: String,
    /// How it looks.
    pub style: Style,
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.into(), style: Style::new() }
    }
}

/// The lines of a table, two spaces between its columns.
#[must_use]
pub fn render(columns: &[Column], rows: &[Vec<Cell>]) -> String {
    let widths: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.text.width());
            cells.chain([column.title.width()]).max().unwrap_or(0)
        })
        .collect();
    let head: Vec<Cell> = columns
        .iter()
        .map(|column| Cell { text: column.title.into(), style: crate::paint::HEAD })
        .collect();

    let mut lines = String::new();
    for row in std::iter::once(&head).chain(rows) {
        for (at, (cell, column)) in row.iter().zip(columns).enumerate() {
            let pad = widths[at] - cell.text.width();
            let (before, after) = if column.right { (pad, 0) } else { (0, pad) };
            // No spaces at the end of a line.
            let after = if at + 1 == columns.len() { 0 } else { after + 2 };
            let Cell { text, style } = cell;
            // A `String` takes all that is written to it.
            let _ = write!(lines, "{:before$}{style}{text}{style:#}{:after$}", "", "");
        }
        lines.push('\n');
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_on_the_screen() {
        let columns = [Column { title: "NAME", right: false }, Column { title: "N", right: true }];
        let rows = [vec!["日本".into(), "1".into()], vec!["e\u{301}te".into(), "100".into()]];
        let plain = anstream::adapter::strip_str(&render(&columns, &rows)).to_string();
        assert_eq!(plain, "NAME    N\n日本    1\ne\u{301}te   100\n");
    }
}
