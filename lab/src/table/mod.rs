//! Tables: files of storms, and what each rule makes of them.

pub mod ab;
pub mod brooker;
pub mod cold_cache;
pub mod compare;
pub mod fleet;
pub mod foresight;
pub mod goals;
pub mod layers;
pub mod limits;
pub mod overload;
pub mod overload_sockets;
pub mod regions;
pub mod retry_storm;
pub mod shedding;
pub mod shopify;
pub mod sockets;
pub mod tuner;

use std::fmt::Write as _;

/// A table with a heading, for a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// The heads of its columns. The first one names the rows.
    pub columns: Vec<String>,
    /// The cells, row by row.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    pub fn new(columns: impl IntoIterator<Item: Into<String>>) -> Self {
        Self { columns: columns.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item: Into<String>>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// As Markdown has it.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = format!("| {} |\n", self.columns.join(" | "));
        let numbers = "---:|".repeat(self.columns.len().saturating_sub(1));
        // A `String` takes all that is written to it.
        let _ = writeln!(text, "|---|{numbers}");
        for row in &self.rows {
            let _ = writeln!(text, "| {} |", row.join(" | "));
        }
        text
    }
}

/// A share as a table shows it: a whole percent where it is large, a tenth where small.
#[must_use]
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 { "-".into() } else { share(ratio(part, whole)) }
}

/// A share as a table shows it.
#[must_use]
pub fn share(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// One number in parts of another; 0 of nothing.
#[must_use]
#[allow(clippy::cast_precision_loss)] // counts of calls
pub fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
