//! A map as text: a tree of who calls whom.

use core::fmt;

use super::{
    escape::Plain,
    map::{Map, PLACES},
    node::MapNode,
};

/// A breaker to a line, below its first caller and indented by two spaces more, with its
/// state and the attempts where there are several; then, after an empty line, what there is to
/// say of paths, cycles and cascades. What a breaker calls is shown once.
impl fmt::Display for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = [false; PLACES];
        for first in [true, false] {
            for node in self.nodes() {
                if !shown[node.slot()] && (!first || !self.is_called(node)) {
                    self.write_tree(f, node, &mut shown)?;
                }
            }
        }
        self.write_remarks(f)
    }
}

impl Map {
    /// A breaker, and all that its calls reach.
    fn write_tree(
        &self,
        f: &mut fmt::Formatter<'_>,
        root: &MapNode,
        shown: &mut [bool; PLACES],
    ) -> fmt::Result {
        let mut path = [(root.number(), 0_usize); PLACES];
        let mut deep = 1;
        shown[root.slot()] = true;
        self.write_line(f, root, 0, false)?;
        while deep > 0 {
            let (number, from) = path[deep - 1];
            let callees = self.places[from..].iter().flatten();
            let Some(callee) = callees.into_iter().find(|it| it.callers.has(number)) else {
                deep -= 1;
                continue;
            };
            path[deep - 1].1 = callee.slot() + 1;
            let again = shown[callee.slot()];
            self.write_line(f, callee, deep, again)?;
            if !again {
                shown[callee.slot()] = true;
                path[deep] = (callee.number(), 0);
                deep += 1;
            }
        }
        Ok(())
    }

    fn write_remarks(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separated = false;
        let mut separate = |f: &mut fmt::Formatter<'_>| {
            if core::mem::replace(&mut separated, true) { Ok(()) } else { f.write_str("\n") }
        };
        for path in self.paths().filter(|path| path.product() > 1) {
            separate(f)?;
            let warning = if path.is_worrying() { "warning: " } else { "" };
            writeln!(f, "{warning}{}: {path}", path.explained())?;
        }
        for cycle in self.cycles() {
            separate(f)?;
            writeln!(f, "cycle: {cycle}")?;
        }
        for (at, fallen) in self.cascade().enumerate() {
            separate(f)?;
            match (at, fallen.is_first()) {
                (0, _) => write!(f, "{fallen}")?,
                (_, true) => write!(f, "\n{fallen}")?,
                (_, false) => write!(f, "; {fallen}")?,
            }
        }
        if self.cascade().next().is_some() { f.write_str("\n") } else { Ok(()) }
    }

    fn write_line(
        &self,
        f: &mut fmt::Formatter<'_>,
        node: &MapNode,
        deep: usize,
        again: bool,
    ) -> fmt::Result {
        let width = 2 * deep;
        write!(f, "{:width$}{}  {}", "", Plain(node), node.state())?;
        let (around, within) = Map::attempts_of(node);
        if around > 1 {
            write!(f, "  tried {around} times")?;
        }
        // Of one that calls others, they are known as those around these.
        if within > 1 && self.called_by(node).next().is_none() {
            write!(f, "  tries {within} times inside")?;
        }
        f.write_str(if again { "  (see above)\n" } else { "\n" })
    }
}
