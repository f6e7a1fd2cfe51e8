//! What `map` takes.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Switch;

/// `map`
#[derive(Args, Debug)]
pub struct Map {
    /// How it is drawn.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Has the breakers learn who calls them, or no longer.
    #[arg(long, value_name = "SWITCH", conflicts_with_all = ["format", "from"])]
    pub learn: Option<Switch>,
    /// Forgets who called whom; whether the breakers learn stays.
    #[arg(long, conflicts_with_all = ["format", "from"])]
    pub forget: bool,
    /// Draws the edges of a map of this panel that `--format json` wrote earlier, with today's
    /// states.
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
}

/// How a map is drawn.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A tree.
    Text,
    /// For Graphviz.
    Dot,
    /// For Mermaid, which many pages of Markdown show.
    Mermaid,
    /// One object on one line.
    Json,
}

pub(super) const MAP: &str = "\
A breaker that learns keeps which others' calls call it: a bit for each, of the first 256
slots. That holds for all programs that share the panel and were built with fusebox's feature
`map`. While it learns, each call takes somewhat longer. What was learned stays when learning
ends, until it is forgotten.

Below the tree stand, where there are any: how retries multiply along a path, as in
\"3 × 3 × 3 = 27 calls of `db` for one of `page`\", with a warning above 9; cycles; and, of
breakers that are open because one that they call is, which one opened first.

Examples:
  fusebox map --learn on
  fusebox map
  fusebox map --format dot | dot -Tsvg > map.svg
  fusebox map --format json > map.json; fusebox map --forget; fusebox map --from map.json
  fusebox map --learn off";
