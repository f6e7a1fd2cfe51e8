//! A map in Mermaid's language.

use core::fmt;

use super::{escape::InMermaid, map::Map};
use crate::state::State;

impl Map {
    /// Returns the map as a flowchart of Mermaid, which many pages of Markdown show: a box for
    /// each breaker, of a class for its state, and the attempts at an edge where there are
    /// several. Names are escaped, whatever is in them; the text is ASCII.
    #[must_use]
    pub fn mermaid(&self) -> impl fmt::Display + '_ {
        Mermaid(self)
    }
}

struct Mermaid<'m>(&'m Map);

const CLASSES: &str = "\
  classDef closed fill:#d9f2d9,stroke:#333,color:#000
  classDef probing fill:#fff2cc,stroke:#333,color:#000
  classDef open fill:#f8d0d0,stroke:#333,color:#000
  classDef disabled fill:#e6e6e6,stroke:#333,color:#000
";

const fn class(state: State) -> &'static str {
    match state {
        State::Closed => "closed",
        State::HalfOpen => "probing",
        State::Open | State::ForcedOpen => "open",
        State::Disabled => "disabled",
    }
}

impl fmt::Display for Mermaid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("flowchart LR\n")?;
        for node in self.0.nodes() {
            let (number, state) = (node.number(), node.state());
            let (name, class) = (InMermaid(node), class(state));
            writeln!(f, "  n{number}[\"{name}<br>{state}\"]:::{class}")?;
        }
        for (caller, callee) in self.0.edges() {
            let (from, to) = (caller.number(), callee.number());
            match callee.attempts() {
                1 => writeln!(f, "  n{from} --> n{to}")?,
                attempts => writeln!(f, "  n{from} -->|{attempts} attempts| n{to}")?,
            }
        }
        f.write_str(CLASSES)
    }
}
