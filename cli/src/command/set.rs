//! `set`: settings, changed live.

use std::{io::Write, path::Path};

use crate::{args::Set, changes, failure::Failure, given::once, names, source::Source};

/// Changes all that was asked for, or nothing.
pub(super) fn run(panel: &Path, set: &Set, out: &mut impl Write) -> Result<(), Failure> {
    once(&set.changes)?;
    let source = Source::write(panel)?;
    let (slot, reading) = names::find(&source.readings(), &set.name)?;
    let breaker = source.breaker(slot)?;
    let label = names::label(reading.name);
    let (old, new) = breaker
        .update_settings(|settings| changes::apply(&set.changes, settings))
        .map_err(|error| Failure::because(format!("{error}; nothing was changed")))?;

    let differing = changes::differences(old, new);
    if differing.is_empty() {
        writeln!(out, "{label}: nothing changed, it has these settings")?;
    }
    for difference in differing {
        writeln!(out, "{label}: {difference}")?;
    }
    Ok(())
}
