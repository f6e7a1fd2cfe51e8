//! Which breaker opened first, and which followed.

use core::{fmt, time::Duration};

use super::{
    escape::Plain,
    map::{Map, PLACES},
    node::MapNode,
    order::Order,
};

/// A breaker that opened in a cascade: see [`Map::cascade`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fallen<'m> {
    /// The breaker.
    pub node: &'m MapNode,
    /// The one that opened first, which this one's calls reach; itself where it is that one.
    pub first: &'m MapNode,
    /// How much later it opened than the first, to a millisecond.
    pub after: Duration,
}

impl Fallen<'_> {
    /// Returns whether it opened first.
    #[must_use]
    pub fn is_first(&self) -> bool {
        self.node.number() == self.first.number()
    }
}

impl fmt::Display for Fallen<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Plain(self.node);
        if self.is_first() {
            write!(f, "`{name}` opened first")
        } else {
            write!(f, "`{name}` followed {} later", Span(self.after))
        }
    }
}

/// Milliseconds below ten seconds, and then seconds.
struct Span(Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_millis() {
            millis @ ..10_000 => write!(f, "{millis} ms"),
            millis => write!(f, "{} s", millis / 1_000),
        }
    }
}

impl Map {
    /// Returns the breakers that are open because one that they call opened: for each
    /// cascade the one that opened first, and after it those that followed, by time.
    ///
    /// One follows another where its calls call the other, and it opened at the same time or
    /// later. Who opened alone is in no cascade. Nothing proves that the one opened because of
    /// the other.
    pub fn cascade(&self) -> impl Iterator<Item = Fallen<'_>> {
        // The first of whose cascade a breaker is, by its number; 0 for one that is not open.
        let mut firsts = [0; PLACES];
        let (numbers, len) = self.by_opening();
        for number in &numbers[..len] {
            let Some(node) = self.node(*number) else { continue };
            let first = self
                .called_by(node)
                .map(|it| firsts[it.slot()])
                .filter(|first| *first != 0 && first != number)
                // Its place in time.
                .min_by_key(|first| numbers[..len].iter().position(|it| it == first));
            firsts[node.slot()] = first.unwrap_or(*number);
        }
        let is_followed = move |first: u16| {
            firsts.iter().zip(1..).any(|(it, number): (_, u16)| *it == first && number != first)
        };
        let begun = numbers.into_iter().take(len);
        let begun = begun.filter(move |it| firsts[usize::from(*it) - 1] == *it && is_followed(*it));
        begun.flat_map(move |first| {
            let those = numbers.into_iter().take(len);
            those.filter(move |it| firsts[usize::from(*it) - 1] == first).filter_map(move |it| {
                let (node, first) = (self.node(it)?, self.node(first)?);
                Some(Fallen { node, first, after: node.opened?.since(first.opened?) })
            })
        })
    }

    /// The numbers of those that are open, by the moment at which they opened; at one moment,
    /// those that are called before their callers.
    fn by_opening(&self) -> ([u16; PLACES], usize) {
        let (mut numbers, mut len) = ([0; PLACES], 0);
        for node in self.nodes().filter(|node| node.opened.is_some()) {
            numbers[len] = node.number();
            len += 1;
        }
        let order = Order::of(self);
        let Some(origin) = self.nodes().find_map(|node| node.opened) else { return (numbers, 0) };
        // Ticks wrap, and only differences mean anything.
        numbers[..len].sort_unstable_by_key(|number| {
            let opened = self.node(*number).and_then(|node| node.opened).unwrap_or(origin);
            let (later, earlier) = (opened.since(origin), origin.since(opened));
            (later, core::cmp::Reverse(earlier), core::cmp::Reverse(order.at(*number)))
        });
        (numbers, len)
    }
}
