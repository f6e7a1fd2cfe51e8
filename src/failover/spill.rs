//! How much may spill onto a member, and how much did.

use crate::{
    bypass,
    failover::settings::FailoverSettings,
    limit::budget::word::Spent,
    machine::Machine,
    observe::Counter,
    overload::priority::Priority,
    sync::{const_fn, planted},
    time::Tick,
};

/// A member's budget: the word of a retry budget, of which a full one is 0.
#[derive(Debug)]
pub(super) struct Spill {
    spent: Machine,
    spilled: Counter,
}

impl Spill {
    const_fn! {
        pub(super) fn new() -> Self {
            Self { spent: Machine::new(Spent::NONE.0), spilled: Counter::new() }
        }
    }

    /// A call of the set that does not spill onto the member gives its share, unless nothing
    /// is spent.
    pub(super) fn deposit(&self, now: Tick, settings: FailoverSettings) {
        let seen: Spent = self.spent.load();
        if !seen.is_none() {
            let terms = settings.terms();
            self.spent.step(seen, |spent: Spent| (spent.deposit(now, terms), ()));
        }
    }

    /// Takes one call out of the budget, after it has given its share if it is to; false
    /// where none is left for its priority.
    ///
    /// Both are one step. Of two, a full budget would lose the first, and calls at a time
    /// would find no place though each gave one.
    pub(super) fn take(&self, mut gives: bool, now: Tick, settings: FailoverSettings) -> bool {
        if gives && planted!(SharedInTwoSteps) {
            self.deposit(now, settings);
            gives = false;
        }
        let terms = settings.terms();
        let of_class = settings.terms_of(Priority::current().class());
        let rule = |spent: Spent| {
            let spent = if gives { spent.deposit(now, terms) } else { spent };
            spent.withdraw(now, of_class)
        };
        self.spent.step(self.spent.load(), rule).said || bypass::limits()
    }

    /// Gives back what a call took that was not made after all.
    pub(super) fn give_back(&self, settings: FailoverSettings) {
        let terms = settings.terms();
        self.spent.step(self.spent.load(), |spent: Spent| (spent.give_back(terms), ()));
    }

    pub(super) fn is_full(&self) -> bool {
        self.spent.load::<Spent>().is_none()
    }

    /// How many calls of the highest priority may spill now.
    pub(super) fn left(&self, now: Tick, settings: FailoverSettings) -> u32 {
        let spent: Spent = self.spent.load();
        u32::try_from(spent.left(now, settings.terms())).unwrap_or(u32::MAX)
    }

    /// A call spilled.
    pub(super) fn count(&self) {
        self.spilled.add_one();
    }

    #[cfg(not(fusebox_compact))]
    pub(super) fn spilled(&self) -> u64 {
        self.spilled.get()
    }
}
