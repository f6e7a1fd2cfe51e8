//! In which order callers come before those that they call.

use super::map::{Map, PLACES};

/// The breakers of a map, each after all that call it, but for the edges that close a cycle:
/// those that run against a walk which begins at whom nobody calls.
pub(super) struct Order {
    /// Their numbers.
    numbers: [u16; PLACES],
    len: usize,
    /// Where in `numbers` a number is, at the number less one.
    at: [u16; PLACES],
}

/// How far the walk has come with a breaker.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Not,
    /// It has been entered, and with it this number, less one, is looked at next.
    Until(u16),
    Left,
}

impl Order {
    pub(super) fn of(map: &Map) -> Self {
        let mut order = Self { numbers: [0; PLACES], len: 0, at: [0; PLACES] };
        let mut seen = [Seen::Not; PLACES];
        // First whom nobody calls; what is left is on a cycle that nobody outside calls.
        for first in [true, false] {
            for node in map.nodes() {
                if !first || !map.is_called(node) {
                    order.walk(map, node.number(), &mut seen);
                }
            }
        }
        // They were written down as they were left: the last one first.
        order.numbers[..order.len].reverse();
        for (at, number) in (0..).zip(&order.numbers[..order.len]) {
            order.at[usize::from(*number) - 1] = at;
        }
        order
    }

    /// Walks on from `start`, deep first.
    fn walk(&mut self, map: &Map, start: u16, seen: &mut [Seen; PLACES]) {
        if seen[usize::from(start) - 1] != Seen::Not {
            return;
        }
        let mut path = [0; PLACES];
        let mut deep = 1;
        path[0] = start;
        seen[usize::from(start) - 1] = Seen::Until(0);
        while deep > 0 {
            let number: u16 = path[deep - 1];
            let here = usize::from(number) - 1;
            let Seen::Until(from) = seen[here] else { return };
            let next = (from..).zip(&map.places[usize::from(from)..]).find(|(at, place)| {
                let called = place.as_ref().is_some_and(|it| it.callers.has(number));
                called && seen[usize::from(*at)] == Seen::Not
            });
            if let Some((at, _)) = next {
                seen[here] = Seen::Until(at + 1);
                seen[usize::from(at)] = Seen::Until(0);
                path[deep] = at + 1;
                deep += 1;
            } else {
                seen[here] = Seen::Left;
                deep -= 1;
                self.numbers[self.len] = number;
                self.len += 1;
            }
        }
    }

    /// The numbers, callers first.
    pub(super) fn numbers(&self) -> &[u16] {
        &self.numbers[..self.len]
    }

    /// Where a number stands.
    pub(super) fn at(&self, number: u16) -> u16 {
        self.at[usize::from(number) - 1]
    }

    /// Whether an edge runs with the order, and closes no cycle.
    pub(super) fn runs_on(&self, from: u16, to: u16) -> bool {
        self.at(from) < self.at(to)
    }
}
