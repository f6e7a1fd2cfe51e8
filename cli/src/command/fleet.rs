//! `fleet`: the breakers of all hosts.

mod log;
mod ls;
mod order;

use std::io::Write;

use fusebox_fleet::What;

use crate::{
    args::{Fleet, FleetCommand},
    failure::Failure,
    fleet::{orders, top},
    given::once,
};

/// Does it.
pub(super) fn run(fleet: &Fleet, out: &mut impl Write) -> Result<(), Failure> {
    match &fleet.command {
        FleetCommand::Ls(ls) => ls::run(ls, out),
        FleetCommand::Top(top) => top::run(top),
        FleetCommand::Isolate(it) => {
            order::run(&it.store, &it.give, &it.names, &What::Isolate, out)
        }
        FleetCommand::Close(it) => order::run(&it.store, &it.give, &it.names, &What::Close, out),
        FleetCommand::Set(it) => {
            once(&it.changes)?;
            let what = orders::settings(&it.changes)?;
            order::run(&it.store, &it.give, std::slice::from_ref(&it.name), &what, out)
        }
        FleetCommand::Log(log) => log::run(log, out),
    }
}
