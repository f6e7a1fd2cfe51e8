//! A way through a map.

use core::fmt;

use super::{
    escape::Plain,
    map::{Map, PLACES},
    node::MapNode,
};

/// Breakers of a [`Map`], each of which calls the next one: a path, or, where the last one
/// calls the first, a cycle. Its [`Display`](fmt::Display) names them.
#[derive(Clone)]
pub struct Route<'m> {
    map: &'m Map,
    numbers: [u16; PLACES],
    len: usize,
    product: u64,
    is_cycle: bool,
}

impl<'m> Route<'m> {
    /// A path that ends here; to be begun from its end.
    pub(super) fn to(map: &'m Map, last: u16, product: u64) -> Self {
        let mut numbers = [0; PLACES];
        numbers[0] = last;
        Self { map, numbers, len: 1, product, is_cycle: false }
    }

    /// Who calls the one that was added last.
    pub(super) fn called_by(&mut self, number: u16) {
        self.numbers[self.len] = number;
        self.len += 1;
    }

    /// The same in the order of the calls.
    pub(super) fn begun(mut self, is_cycle: bool) -> Self {
        self.numbers[..self.len].reverse();
        self.is_cycle = is_cycle;
        self
    }

    /// Iterates over the breakers, callers first; in a cycle, the first is not repeated.
    pub fn nodes(&self) -> impl Iterator<Item = &'m MapNode> + '_ {
        self.numbers[..self.len].iter().filter_map(|number| self.map.node(*number))
    }

    /// Returns how often the last breaker's service may be called for one call of the first,
    /// where every attempt fails: the product of the attempts along the path. Of a cycle, 1.
    #[must_use]
    pub const fn product(&self) -> u64 {
        self.product
    }

    /// Returns whether that is more than [`Map::MANY`]: retries on several levels, which
    /// multiply. Keep them on one.
    #[must_use]
    pub const fn is_worrying(&self) -> bool {
        self.product > Map::MANY
    }

    /// Explains the product in a sentence: "3 × 3 × 3 = 27 calls of `db` for one of `page`".
    #[must_use]
    pub fn explained(&self) -> impl fmt::Display + '_ {
        Explained(self)
    }
}

struct Explained<'r, 'm>(&'r Route<'m>);

impl fmt::Display for Explained<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let route = self.0;
        let (Some(first), Some(last)) = (route.nodes().next(), route.nodes().last()) else {
            return Ok(());
        };
        let attempts = route.nodes().map(MapNode::attempts).chain([last.attempts_within()]);
        let mut several = attempts.filter(|attempts| *attempts > 1);
        if let Some(attempts) = several.next() {
            write!(f, "{attempts}")?;
            let mut one = true;
            for attempts in several {
                write!(f, " × {attempts}")?;
                one = false;
            }
            if !one {
                write!(f, " = {}", route.product)?;
            }
        } else {
            write!(f, "{}", route.product)?;
        }
        let calls = if route.product == 1 { "call" } else { "calls" };
        write!(f, " {calls} of `{}` for one of `{}`", Plain(last), Plain(first))
    }
}

impl fmt::Display for Route<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let again = self.nodes().next().filter(|_| self.is_cycle);
        for (at, node) in self.nodes().chain(again).enumerate() {
            let arrow = if at == 0 { "" } else { " → " };
            write!(f, "{arrow}{}", Plain(node))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Route<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Route({self}, {})", self.product)
    }
}
