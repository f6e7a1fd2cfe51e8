//! What drills did to this program's calls, as fusebox tells it of each fault. Who asked for
//! a drill is somebody else, by `fusebox drill` on the panel.

use std::{collections::BTreeMap, sync::Mutex};

use fusebox::{DrillFault, DrillStep, Drilling, Event, Observer};
use serde::Serialize;

use crate::{lock, system::System};

/// The faults that a system's calls got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Faults {
    pub errors: u64,
    pub late: u64,
    pub hangs: u64,
    pub panics: u64,
}

impl Faults {
    pub fn all(self) -> u64 {
        self.unmade() + self.late
    }

    /// Calls that their breaker admitted, and that nobody made.
    pub fn unmade(self) -> u64 {
        self.errors + self.hangs + self.panics
    }
}

/// Hears of drilled calls, as a part of the process's observer.
#[derive(Debug, Default)]
pub struct Drills {
    faults: Mutex<BTreeMap<String, Faults>>,
}

impl Drills {
    pub fn of(&self, system: System) -> Faults {
        lock(&self.faults).get(system.name()).copied().unwrap_or_default()
    }
}

impl Observer for Drills {
    fn on_event(&self, event: &Event<'_>) {
        let Event::Drill(Drilling { breaker: Some(breaker), step, .. }) = *event else { return };
        let DrillStep::Fault { fault, .. } = step else { return };
        let mut all = lock(&self.faults);
        let faults = all.entry(breaker.to_owned()).or_default();
        let count = match fault {
            DrillFault::Error => &mut faults.errors,
            DrillFault::Latency => &mut faults.late,
            DrillFault::Hang => &mut faults.hangs,
            DrillFault::Panic => &mut faults.panics,
            _ => return, // a kind that is not known here
        };
        *count += 1;
    }
}
