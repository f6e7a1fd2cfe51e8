//! `fleet ls`: what is not well anywhere.

use std::io::Write;

use crate::{
    args::FleetLs,
    failure::{Failure, say},
    fleet::{json::Whole, store::Way, table},
    json,
};

/// Prints it.
pub(super) fn run(ls: &FleetLs, out: &mut impl Write) -> Result<(), Failure> {
    let way = Way::to(&ls.store)?;
    let view = way.look(&mut way.connect()?)?;
    if ls.json {
        let whole = Whole::new(&view, way.config.own_namespace());
        return Ok(writeln!(out, "{}", json::pretty(&whole))?);
    }
    writeln!(out, "{}", table::head(&view))?;
    if !view.breakers.is_empty() {
        write!(out, "\n{}", table::breakers(&view))?;
    }
    if ls.instances && !view.instances.is_empty() {
        write!(out, "\n{}", table::instances(&view))?;
    }
    if view.breakers.is_empty() {
        out.flush()?;
        say("no instance says that a breaker is not well");
    }
    Ok(())
}
