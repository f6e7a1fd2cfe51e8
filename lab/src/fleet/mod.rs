//! A thousand instances in virtual time: the product's own breakers and members, and
//! between them a store and a network that do what we ask of them.

mod calls;
mod healing;
mod outage;
mod parallel;
mod poison;
mod probes;
mod sharing;

use std::sync::OnceLock;

pub use self::{
    calls::Calls,
    healing::{Fault, Healing},
    outage::Outage,
    poison::Poison,
    probes::{Probing, Store},
    sharing::Sharing,
};

/// Instances of the fleet on the page.
pub const INSTANCES: usize = 1_000;

/// So long all is well before something happens, in milliseconds: each instance has heard
/// of all others then.
const WELL: u64 = 2_200;

/// All that is found out about a fleet.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    /// A service dies.
    pub outages: Vec<Outage>,
    /// Instances that are broken themselves.
    pub poisons: Vec<Poison>,
    /// Who probes a service that is down.
    pub probing: Vec<Probing>,
    /// How soon all agree again.
    pub healings: Vec<Healing>,
}

/// All that is found out about a fleet of a thousand, once for each process: it is the
/// same every time.
pub fn study() -> &'static Study {
    static STUDY: OnceLock<Study> = OnceLock::new();
    STUDY.get_or_init(|| Study {
        outages: outage::all(INSTANCES),
        poisons: poison::all(INSTANCES),
        probing: probes::all(INSTANCES),
        healings: healing::all(INSTANCES),
    })
}
