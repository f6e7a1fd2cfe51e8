//! The words in which a breaker keeps who calls it.

use crate::{
    callers::{callers::Callers, place::Place, scope::Surroundings},
    machine::{Bits, Machine},
    sync::const_fn,
};

/// A place, and a bit for each number of a caller of the same panel. All zeros is not
/// mapped; any other bits are harmless.
#[derive(Debug)]
#[repr(C)]
#[cfg_attr(not(fusebox_loom), allow(unreachable_pub))] // a model names it
pub struct CallerWords {
    place: Machine,
    bits: [Machine; 4],
}

#[cfg_attr(not(fusebox_loom), allow(unreachable_pub))]
impl CallerWords {
    const_fn! {
        /// Not mapped.
        pub fn new() -> Self {
            let bits = [Machine::new(0), Machine::new(0), Machine::new(0), Machine::new(0)];
            Self { place: Machine::new(0), bits }
        }
    }

    /// The place in the map.
    pub(crate) fn place(&self) -> Place {
        self.place.load()
    }

    /// Whether calls are to be looked at.
    #[inline]
    pub(crate) fn learns(&self) -> bool {
        self.place().learns()
    }

    /// From now on calls are learned from, under this number of this panel.
    pub fn learn(&self, panel: u32, number: u16) {
        self.place.step(self.place(), |it: Place| (it.learning(panel, number), ()));
    }

    /// The panel that this place is of: the one that was drawn, unless there is one already.
    pub(crate) fn panel_or(&self, drawn: u32) -> u32 {
        let step = self.place.step(self.place(), |it: Place| match it.panel() {
            0 => (it.learning(drawn, 1).at_rest(), ()),
            _ => (it, ()),
        });
        step.to.panel()
    }

    /// Calls are not learned from any more. What was learned stays.
    pub(crate) fn rest(&self) {
        self.place.step(self.place(), |it: Place| (it.at_rest(), ()));
    }

    /// Forgets what was learned; the place stays.
    pub fn forget(&self) {
        self.place.step(self.place(), |it: Place| (it.forgotten(), ()));
        for word in &self.bits {
            word.store(Bits(0));
        }
    }

    /// A call begins in these surroundings. Where they are known already, that is two loads.
    pub fn note(&self, around: Surroundings) {
        let place = self.place();
        if !place.learns() {
            return;
        }
        self.note_attempts(place, around.attempts, 1);
        // A caller of another panel has no number here.
        if around.panel == place.panel() && (1..=256).contains(&around.number) {
            let (word, bit) = (usize::from(around.number - 1) / 64, (around.number - 1) % 64);
            let word = &self.bits[word];
            if word.load::<Bits>().0 >> bit & 1 == 0 {
                word.set_bits(1 << bit);
            }
        }
    }

    /// So many attempts are made around this breaker's calls, and inside them.
    pub(crate) fn note_attempts(&self, seen: Place, around: u16, within: u16) {
        if seen.learns() && seen.with_attempts(around, within) != seen {
            self.place.step(seen, |it: Place| (it.with_attempts(around, within), ()));
        }
    }

    /// The same, for a model.
    #[cfg(fusebox_loom)]
    pub fn note_tries(&self, around: u16, within: u16) {
        self.note_attempts(self.place(), around, within);
    }

    /// Any bits, as memory that is shared may hold.
    #[cfg(test)]
    pub(crate) fn set(&self, [place, bits @ ..]: [u64; 5]) {
        self.place.store(Bits(place));
        for (word, bits) in self.bits.iter().zip(bits) {
            word.store(Bits(bits));
        }
    }

    /// What is known by now.
    pub fn get(&self) -> Callers {
        Callers::new(self.place(), self.bits.each_ref().map(|word| word.load::<Bits>().0))
    }
}
