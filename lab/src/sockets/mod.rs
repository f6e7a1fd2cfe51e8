//! The same with real sockets: real servers, real clients, real time.
//!
//! Two storms have a counterpart here, to see whether virtual time tells the truth: a
//! storm of workers, and one of instances that try again. What they share with the
//! simulation is the storm's file and the rules; nothing else.

mod instances;
pub mod overload;
mod server;
pub(crate) mod shared;
mod workers;

use std::io;

pub use self::shared::{Seen, Side};
use crate::{contender::Contender, storm::Storm};

/// Runs a storm in real time against a server of this process.
///
/// # Errors
/// Where no socket can be had.
pub fn run(contender: &Contender, storm: &Storm) -> io::Result<Seen> {
    contender.in_real_time(storm, |guards| {
        if storm.clients.workers.is_some() {
            workers::run(storm, &guards)
        } else {
            instances::run(storm, &guards)
        }
    })
}

/// Runs the same storm in virtual time.
#[must_use]
pub fn virtually(contender: &Contender, storm: &Storm) -> Seen {
    Seen::of(&contender.meets(storm))
}
