//! How attempts multiply along the paths of a map.

use super::{
    map::{Map, PLACES},
    node::MapNode,
    order::Order,
    route::Route,
};

/// The most calls of a breaker for one of a breaker that nobody calls.
#[derive(Clone, Copy)]
struct Most {
    calls: u64,
    /// How many breakers lie on that path before it.
    depth: u16,
    /// By whom it is called there; 0 for nobody.
    caller: u16,
}

impl Map {
    /// Returns the paths from breakers that nobody calls to those that call nobody: to each of
    /// these the one along which retries multiply most. Those with the largest
    /// [product](Route::product) come first. An edge that closes a cycle is on no path.
    pub fn paths(&self) -> impl Iterator<Item = Route<'_>> {
        let order = Order::of(self);
        let mut most = [Most { calls: 0, depth: 0, caller: 0 }; PLACES];
        for number in order.numbers() {
            let Some(node) = self.node(*number) else { continue };
            let callers = self.nodes().filter(|it| node.callers.has(it.number()));
            let known = callers
                .filter(|it| order.runs_on(it.number(), *number))
                .map(|it| (most[it.slot()], it.number()))
                // Of equal ones the longest, and then the one of the lowest number.
                .max_by_key(|(most, caller)| (most.calls, most.depth, !*caller));
            let (before, depth, caller) =
                known.map_or((1, 0, 0), |(most, caller)| (most.calls, most.depth + 1, caller));
            let calls = before.saturating_mul(node.attempts().into());
            most[node.slot()] = Most { calls, depth, caller };
        }
        let mut ends = [(0, 0); PLACES];
        let mut len = 0;
        for node in self.nodes() {
            let goes_on = self.called_by(node).any(|it| order.runs_on(node.number(), it.number()));
            let product = most[node.slot()].calls.saturating_mul(node.attempts_within().into());
            let is_path = most[node.slot()].depth > 0 || product > 1;
            if !goes_on && is_path {
                ends[len] = (product, node.number());
                len += 1;
            }
        }
        ends[..len].sort_unstable_by_key(|(product, number)| (!*product, *number));
        ends.into_iter().take(len).map(move |(product, number)| {
            let mut route = Route::to(self, number, product);
            let mut at = number;
            while let Some(caller) = self.node(at).map(|node| most[node.slot()].caller)
                && caller != 0
            {
                route.called_by(caller);
                at = caller;
            }
            route.begun(false)
        })
    }

    /// Returns the path along which retries multiply most, where they do.
    #[must_use]
    pub fn worst_path(&self) -> Option<Route<'_>> {
        self.paths().next().filter(|path| path.product() > 1)
    }

    /// The most attempts around and within: what the text shows beside a name.
    pub(super) fn attempts_of(node: &MapNode) -> (u16, u16) {
        (node.attempts(), node.attempts_within())
    }
}
