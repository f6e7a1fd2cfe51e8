//! fusebox's intake: the product's own code on a manual clock.

use fusebox::{AtWork, DefaultObserver, InLine, Intake};

use super::{Call, Guard, LEVELS};
use crate::limits::Micros;

/// An intake.
#[derive(Debug)]
pub struct Ours<'c> {
    intake: &'c Intake<&'c Micros, DefaultObserver>,
    /// Whether it hears when a worker begins; else it hears of answers alone.
    begins: bool,
    calls: Vec<Option<Held<'c>>>,
}

#[derive(Debug)]
enum Held<'c> {
    InLine(InLine<'c, &'c Micros, DefaultObserver>),
    AtWork(AtWork<'c, &'c Micros, DefaultObserver>),
}

impl<'c> Ours<'c> {
    /// Of this intake.
    #[must_use]
    pub const fn new(intake: &'c Intake<&'c Micros, DefaultObserver>, begins: bool) -> Self {
        Self { intake, begins, calls: Vec::new() }
    }
}

impl Guard for Ours<'_> {
    fn comes(&mut self, _: u64, call: Call) -> bool {
        let Ok(place) = self.intake.enter(LEVELS[call.level]) else { return false };
        super::guard::keep(&mut self.calls, call.slot, Held::InLine(place));
        true
    }

    fn begins(&mut self, _: u64, call: Call, _: u64) -> bool {
        if !self.begins {
            return true;
        }
        if let Some(Held::InLine(place)) = self.calls[call.slot].take() {
            self.calls[call.slot] = place.begin().ok().map(Held::AtWork);
        }
        self.calls[call.slot].is_some()
    }

    fn ends(&mut self, _: u64, call: Call) {
        match self.calls[call.slot].take() {
            Some(Held::InLine(place)) => place.answered(),
            Some(Held::AtWork(work)) => drop(work),
            None => {}
        }
    }
}
