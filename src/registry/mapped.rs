//! A panel whose breakers learn who calls them.

use crate::{callers::place::MOST, random, registry::panel::Panel};

impl<C, O> Panel<'_, C, O> {
    /// Has every breaker learn which others of this panel call it, those that are registered
    /// later, too; or no longer. What was learned stays until it is
    /// [forgotten](Self::forget_map), and the [`Map`](crate::Map) shows it.
    ///
    /// A slot's number in the map is one more than that of the slot. Slots above the first 256
    /// are not mapped. While breakers learn, their calls come out of line, as they do where
    /// anything has a breaker's attention, and take that much longer. In shared memory this
    /// holds for all processes; one whose fusebox lacks the feature `map` learns nothing.
    pub fn set_mapped(self, mapped: bool) {
        let slots = self.slots().iter().take(MOST.into());
        let Some(first) = self.slots().first() else { return };
        if !mapped {
            for breaker in slots {
                breaker.cell.callers.rest();
                breaker.cell.watch();
            }
            return;
        }
        // The first slot keeps the panel's number for all: whoever comes second finds it.
        let panel = first.cell.callers.panel_or(drawn());
        for (number, breaker) in (1..=MOST).zip(slots) {
            breaker.cell.callers.learn(panel, number);
            breaker.cell.watch();
        }
    }

    /// Returns whether its breakers learn who calls them.
    #[must_use]
    pub fn is_mapped(self) -> bool {
        self.slots().first().is_some_and(|first| first.cell.callers.learns())
    }

    /// Forgets who called whom. Whether breakers learn stays as it is.
    pub fn forget_map(self) {
        for breaker in self.slots().iter().take(MOST.into()) {
            breaker.forget_callers();
        }
    }
}

/// A number that no other panel of this process has, unless by a chance of one in four
/// milliards: not 0, which is none, nor 1, which is that of breakers in no panel.
#[allow(clippy::cast_possible_truncation)] // half of it is enough
fn drawn() -> u32 {
    (random::sequence_seed() as u32).max(2)
}
