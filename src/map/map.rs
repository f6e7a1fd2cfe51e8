//! The map itself: what was read of each breaker.

use crate::{
    breaker::reading::Reading,
    callers::{callers::Callers, place::MOST},
    map::node::MapNode,
};

/// As many breakers as a map has places for.
pub(super) const PLACES: usize = MOST as usize;

/// Which breakers' calls call which others: a picture of the readings of a panel that
/// [is mapped](crate::Panel::set_mapped), or was.
///
/// It shows a tree as text ([`Display`](core::fmt::Display)), and is drawn as
/// [DOT](Self::dot) or [Mermaid](Self::mermaid), or written as [JSON](Self::json). It says how
/// retries multiply along a [path](Self::paths), which [cycles](Self::cycles) there are, and
/// which breaker [opened first](Self::cascade).
///
/// A map has places for 256 breakers, takes some 36 kB, and allocates nothing.
///
/// ```
/// use fusebox::{Map, Registry};
///
/// static PANEL: Registry<8> = Registry::new();
///
/// PANEL.panel().set_mapped(true);
/// let (shop, db) = (PANEL.get_or_default("shop")?, PANEL.get_or_default("db")?);
/// let _ = shop.call(|| db.call(|| Err::<(), _>("down")));
///
/// let map = Map::of(PANEL.panel().readings());
/// assert_eq!(map.to_string(), "shop  closed\n  db  closed\n");
/// # Ok::<(), fusebox::RegistryError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Map {
    /// At its number less one.
    pub(super) places: [Option<MapNode>; PLACES],
    panel: u32,
    left_out: usize,
}

impl Map {
    /// So many calls for one are a warning: see [`Route::is_worrying`](crate::Route::is_worrying).
    pub const MANY: u64 = 9;

    /// Makes the map of a panel's breakers, from a reading of each and the number of its slot,
    /// as [`Panel::readings`](crate::Panel::readings) has them. Empty where the panel was never
    /// mapped.
    #[must_use]
    pub fn of(readings: impl IntoIterator<Item = (usize, Reading)>) -> Self {
        Self::collect(readings.into_iter().map(|(slot, reading)| (Some(slot), reading)))
    }

    /// Makes the map of breakers that are in no registry, each of which was
    /// [given a number](crate::CircuitBreaker::set_mapped).
    #[must_use]
    pub fn of_own(readings: impl IntoIterator<Item = Reading>) -> Self {
        Self::collect(readings.into_iter().map(|reading| (None, reading)))
    }

    fn collect(readings: impl Iterator<Item = (Option<usize>, Reading)>) -> Self {
        #[allow(clippy::large_stack_arrays)] // 36 kB, where nothing may be allocated
        let mut map = Self { places: [None; PLACES], panel: 0, left_out: 0 };
        for (slot, reading) in readings {
            if map.panel == 0 {
                map.panel = reading.callers.panel();
            }
            let place = map.place_of(slot, &reading.callers);
            match place.and_then(|number| map.places.get_mut(usize::from(number) - 1)) {
                Some(place @ None) => *place = place_for(&reading),
                _ => map.left_out += 1,
            }
        }
        map
    }

    /// The number on this map, if it has one that fits.
    fn place_of(&self, slot: Option<usize>, callers: &Callers) -> Option<u16> {
        let number = callers.number().filter(|_| callers.panel() == self.panel)?;
        slot.is_none_or(|slot| slot + 1 == usize::from(number)).then_some(number)
    }

    /// Returns the number that was drawn for the panel when it was first mapped: 0 where it
    /// never was.
    #[must_use]
    pub const fn panel(&self) -> u32 {
        self.panel
    }

    /// Returns how many breakers are not on the map: those in slots above the first 256, and
    /// those that were never mapped.
    #[must_use]
    pub const fn left_out(&self) -> usize {
        self.left_out
    }

    /// Returns whether any breaker learns who calls it.
    #[must_use]
    pub fn is_learning(&self) -> bool {
        self.nodes().any(|node| node.callers.is_learning())
    }

    /// Iterates over the breakers, by their numbers.
    pub fn nodes(&self) -> impl Iterator<Item = &MapNode> {
        self.places.iter().flatten()
    }

    /// Returns the breaker with this number, from 1.
    #[must_use]
    pub fn node(&self, number: u16) -> Option<&MapNode> {
        self.places.get(usize::from(number).checked_sub(1)?)?.as_ref()
    }

    /// Iterates over the edges: whose calls called whom, by the caller's number and then the
    /// other's.
    pub fn edges(&self) -> impl Iterator<Item = (&MapNode, &MapNode)> {
        self.nodes().flat_map(|caller| self.called_by(caller).map(move |callee| (caller, callee)))
    }

    /// The breakers that were called by this one's calls.
    pub(super) fn called_by(&self, caller: &MapNode) -> impl Iterator<Item = &MapNode> {
        let number = caller.number;
        self.nodes().filter(move |callee| callee.callers.has(number))
    }

    /// Whether anybody but itself called it.
    pub(super) fn is_called(&self, node: &MapNode) -> bool {
        self.nodes().any(|other| other.number != node.number && node.callers.has(other.number))
    }

    /// Draws other edges and attempts between the same breakers, such as those that were
    /// written down at another time. An edge is the slots of a caller and of whom it called,
    /// from 0; attempts are those around a breaker's calls and inside them.
    ///
    /// ```
    /// use fusebox::{Map, Registry};
    ///
    /// let panel = Registry::<8>::new();
    /// panel.panel().set_mapped(true);
    /// panel.get_or_default("ai")?;
    /// let mut map = Map::of(panel.panel().readings());
    /// let slot = map.nodes().next().unwrap().slot();
    /// map.redraw(|_| (3, 1), [(slot, slot)]);
    /// assert_eq!(map.cycles().count(), 1);
    /// # Ok::<(), fusebox::RegistryError>(())
    /// ```
    pub fn redraw(
        &mut self,
        attempts: impl Fn(&MapNode) -> (u16, u16),
        edges: impl IntoIterator<Item = (usize, usize)>,
    ) {
        for node in self.places.iter_mut().flatten() {
            let (around, within) = attempts(node);
            node.callers = node.callers.redrawn(around, within);
        }
        for (caller, callee) in edges {
            if let (Ok(caller), Some(Some(node))) =
                (u16::try_from(caller), self.places.get_mut(callee))
            {
                node.callers.add(caller.saturating_add(1));
            }
        }
    }
}

fn place_for(reading: &Reading) -> Option<MapNode> {
    Some(MapNode::of(reading, reading.callers.number()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        breaker::{CircuitBreaker, settings::BreakerConfig},
        callers::place::Place,
        machine::Word as _,
    };

    proptest! {
        /// Memory that is shared can hold anything: each map is drawn, to its end.
        #[test]
        fn any_bits_in_the_words_of_callers_are_drawn(
            words in prop::collection::vec((0..3_u64, any::<u64>(), any::<[u64; 4]>()), 0..12),
            is_panel in any::<bool>(),
        ) {
            let readings = words.iter().enumerate().map(|(slot, (panel, place, bits))| {
                let breaker = CircuitBreaker::named("shop", BreakerConfig::new().build());
                // Of few panels, and as often as not with the number of its slot.
                let number = if place >> 9 & 1 == 0 { slot as u64 + 1 } else { place & 0x1FF };
                let place = panel << 32 | place & 0xFFFF_FE00 | number;
                let callers = Callers::new(Place::from_bits(place), *bits);
                (slot, Reading { callers, ..breaker.reading() })
            });
            let map = if is_panel {
                Map::of(readings)
            } else {
                Map::of_own(readings.map(|(_, reading)| reading))
            };
            prop_assert_eq!(map.nodes().count() + map.left_out(), words.len());
            let text = std::format!("{map}{}{}{}", map.dot(), map.mermaid(), map.json());
            prop_assert!(text.contains("digraph"));
            for (from, to) in map.edges() {
                prop_assert!(map.nodes().any(|it| it.number() == from.number()));
                prop_assert!(to.callers.has(from.number()));
            }
        }
    }
}
