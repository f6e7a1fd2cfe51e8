//! `shadow`: other settings beside a live breaker, without an effect.

use std::{io::Write, path::Path};

use crate::{args::Shadow, changes, failure::Failure, names, source::Source};

/// Sets a breaker's shadow, or takes it away.
pub(super) fn run(panel: &Path, shadow: &Shadow, out: &mut impl Write) -> Result<(), Failure> {
    let source = Source::write(panel)?;
    let (slot, reading) = names::find(&source.readings(), &shadow.name)?;
    let breaker = source.breaker(slot)?;
    let label = names::label(reading.name);
    let nothing =
        |error: &dyn std::fmt::Display| Failure::because(format!("{error}; nothing was changed"));
    if shadow.off {
        let had_one = breaker.shadow().is_some();
        breaker.set_shadow(None).map_err(|error| nothing(&error))?;
        let said = if had_one { "it has no shadow any more" } else { "it has no shadow" };
        writeln!(out, "{label}: {said}")?;
        return Ok(());
    }
    let live = breaker.settings();
    let other = changes::apply(&shadow.changes, live).map_err(|error| nothing(&error))?;
    breaker.set_shadow(Some(other)).map_err(|error| nothing(&error))?;
    writeln!(out, "{label}: it has a shadow from now on")?;
    for difference in changes::differences(live, other) {
        writeln!(out, "{label}: shadow {difference}")?;
    }
    Ok(())
}
