//! A map in Graphviz's language.

use core::fmt;

use super::{escape::InDot, map::Map};
use crate::state::State;

impl Map {
    /// Returns the map in the DOT language, to be drawn by Graphviz: callers on the left, a
    /// box for each breaker, filled by its state, and the attempts at an edge where there are
    /// several. Names are escaped, whatever is in them; the text is ASCII.
    #[must_use]
    pub fn dot(&self) -> impl fmt::Display + '_ {
        Dot(self)
    }
}

struct Dot<'m>(&'m Map);

/// A light colour for each state.
const fn colour(state: State) -> &'static str {
    match state {
        State::Closed => "#d9f2d9",
        State::HalfOpen => "#fff2cc",
        State::Open | State::ForcedOpen => "#f8d0d0",
        State::Disabled => "#e6e6e6",
    }
}

impl fmt::Display for Dot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("digraph fusebox {\n  rankdir=LR;\n  node [shape=box, style=filled];\n")?;
        for node in self.0.nodes() {
            let (number, state) = (node.number(), node.state());
            let (name, colour) = (InDot(node), colour(state));
            writeln!(f, "  n{number} [label=\"{name}\\n{state}\", fillcolor=\"{colour}\"];")?;
        }
        for (caller, callee) in self.0.edges() {
            write!(f, "  n{} -> n{}", caller.number(), callee.number())?;
            match callee.attempts() {
                1 => f.write_str(";\n")?,
                attempts => writeln!(f, " [label=\"{attempts} attempts\"];")?,
            }
        }
        f.write_str("}\n")
    }
}
