//! Breakers whose calls come back to them.

use super::{
    map::{Map, PLACES},
    route::Route,
};

/// A set of numbers, less one.
type Set = [u64; PLACES / 64];

fn has(set: &Set, at: usize) -> bool {
    set[at / 64] >> (at % 64) & 1 != 0
}

fn add(set: &mut Set, at: usize) {
    set[at / 64] |= 1 << (at % 64);
}

impl Map {
    /// Returns the cycles: of breakers that all reach each other by calls, one shortest cycle
    /// through that of the lowest number.
    pub fn cycles(&self) -> impl Iterator<Item = Route<'_>> {
        let reached = self.reached();
        let mut told: Set = [0; PLACES / 64];
        (0..PLACES).filter_map(move |at| {
            if !has(&reached[at], at) || has(&told, at) {
                return None;
            }
            for other in 0..PLACES {
                if has(&reached[at], other) && has(&reached[other], at) {
                    add(&mut told, other);
                }
            }
            Some(self.shortest_cycle(at))
        })
    }

    /// For each place, those that its calls reach (Warshall, "A theorem on Boolean matrices",
    /// 1962).
    fn reached(&self) -> [Set; PLACES] {
        let mut reached = [[0; PLACES / 64]; PLACES];
        for (caller, callee) in self.edges() {
            add(&mut reached[caller.slot()], callee.slot());
        }
        for through in 0..PLACES {
            let on = reached[through];
            for from in &mut reached {
                if has(from, through) {
                    from.iter_mut().zip(on).for_each(|(to, more)| *to |= more);
                }
            }
        }
        reached
    }

    /// A shortest way from a place back to it, which there is: broad first.
    #[allow(clippy::cast_possible_truncation)] // below 256
    fn shortest_cycle(&self, start: usize) -> Route<'_> {
        let mut came_from = [None; PLACES];
        let mut queue = [start as u16; PLACES + 1];
        let (mut first, mut last) = (0, 1);
        'search: while first < last {
            let at = usize::from(queue[first]);
            first += 1;
            let Some(node) = &self.places[at] else { continue };
            for callee in self.called_by(node) {
                let to = callee.slot();
                if came_from[to].is_none() {
                    came_from[to] = Some(at as u16);
                    if to == start {
                        break 'search;
                    }
                    queue[last] = to as u16;
                    last += 1;
                }
            }
        }
        // From the end of the way to the place where it began.
        let mut at = came_from[start].unwrap_or(start as u16);
        let mut route = Route::to(self, at + 1, 1);
        while usize::from(at) != start
            && let Some(before) = came_from[usize::from(at)]
        {
            route.called_by(before + 1);
            at = before;
        }
        route.begun(true)
    }
}
