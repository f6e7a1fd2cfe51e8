//! Envoy's priority levels, as its documentation has them ("Priority levels", "Panic
//! threshold", "Outlier detection"): the home is level 0, the others are levels 1 and 2.
//!
//! A level of one host is out after five failures in a row, for 30 s times the number of
//! ejections, and takes no probes: it is back when that time is over. With the overprovisioning
//! factor of 1.4, a level whose only host is well takes all calls, and one whose host is out
//! takes none; so the first level that is well takes them all. Where none is, the set panics:
//! all go to level 0, be it well or not. `max_ejection_percent` would keep the one host of a
//! level in; it is taken as 100 here, as operators of such levels set it.

use std::{cell::Cell, future::Future, pin::Pin};

use super::{Attempt, Caller, Ended, Outside, REGIONS};
use crate::time::Time;

const IN_A_ROW: u32 = 5;
const BASE: u64 = 30;
const MOST: u64 = 300;

#[derive(Debug, Default)]
struct Level {
    failures: Cell<u32>,
    ejections: Cell<u64>,
    out_until: Cell<Time>,
}

/// A process that calls as Envoy would for it.
#[derive(Debug, Default)]
pub struct Envoy {
    home: usize,
    levels: [Level; REGIONS],
}

impl Envoy {
    /// With this home.
    #[must_use]
    pub fn new(home: usize) -> Self {
        Self { home, levels: Default::default() }
    }
}

impl Level {
    fn is_well(&self, now: Time) -> bool {
        self.out_until.get() <= now
    }

    fn end(&self, answered: bool, now: Time) {
        if answered {
            self.failures.set(0);
            return;
        }
        self.failures.set(self.failures.get() + 1);
        if self.failures.get() >= IN_A_ROW && self.is_well(now) {
            self.failures.set(0);
            self.ejections.set(self.ejections.get() + 1);
            self.out_until.set(now + Time::secs((BASE * self.ejections.get()).min(MOST)));
        }
    }
}

impl Caller for Envoy {
    fn call<'c>(
        &'c self,
        outside: &'c Outside,
        call: usize,
    ) -> Pin<Box<dyn Future<Output = Ended> + 'c>> {
        Box::pin(async move {
            let well = |level: &Level| level.is_well(outside.now());
            let level = self.levels.iter().position(well).unwrap_or(0);
            let answer = Attempt::new(outside, (self.home + level) % REGIONS, call).await;
            self.levels[level].end(answer.is_ok(), outside.now());
            if answer.is_ok() { Ended::Answered } else { Ended::Failed }
        })
    }
}
