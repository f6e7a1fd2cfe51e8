//! What an operator does to a breaker.

use crate::{
    breaker::{
        CircuitBreaker,
        word::{Forced, Word},
    },
    machine::Step,
    observe::Observer,
    time::Clock,
};

impl<C: Clock, O: Observer> CircuitBreaker<C, O> {
    /// Opens the breaker until it is closed, reset or disabled by hand.
    pub fn force_open(&self) {
        self.force(Forced::Open);
    }

    /// Closes the breaker, with no failures counted.
    pub fn close(&self) {
        self.force(Forced::Closed);
    }

    /// Disables the breaker: it admits every call and counts nothing, until it
    /// is closed, reset or forced open by hand.
    pub fn disable(&self) {
        self.force(Forced::Disabled);
    }

    /// Makes the breaker as new: closed, no failures, no time of a last one.
    /// The generation moves on, so that calls in flight cannot change it, and
    /// the counters and settings stay.
    pub fn reset(&self) {
        self.force(Forced::Reset);
    }

    #[cold]
    fn force(&self, to: Forced) {
        let Step { from, to, .. } =
            self.cell.word.step(self.load(), |word: Word| (word.force(to), ()));
        self.tell(from, to, true);
    }

    /// Stamps the breaker with the time now, as if what it waits for had begun
    /// this moment. Memory that outlived its clock needs this, as a file does
    /// that outlives a reboot. An open breaker then waits one recovery timeout
    /// from now. The state and the generation stay.
    #[cold]
    pub fn restamp(&self) {
        let now = self.clock.now();
        self.cell.word.step(self.load(), |word: Word| (word.restamp(now), ()));
        self.cell.opened.restamp(now);
    }
}
