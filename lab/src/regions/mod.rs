//! Three regions, each the home of as many callers, of which one dies and comes back.

mod caller;
mod envoy;
mod ours;
mod plain;
mod run;
mod world;

pub use caller::{Caller, Ended};
pub use envoy::Envoy;
pub use ours::Ours;
pub use plain::Plain;
pub use run::{BACK, Classes, DIES, ENDS, Part, Run, run};
pub use world::{Attempt, Outside, REGIONS};
