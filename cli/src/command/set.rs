//! `set`: settings, changed live.

use std::{io::Write, path::Path};

use crate::{args::Set, changes, failure::Failure, names, source::Source};

/// Changes all that was asked for, or nothing.
pub(super) fn run(panel: &Path, set: &Set, out: &mut impl Write) -> Result<(), Failure> {
    if let Some(key) = changes::repeated(&set.changes) {
        return Err(Failure::Usage(format!("`{key}` is given twice")));
    }
    let source = Source::write(panel)?;
    let (slot, reading) = names::find(&source.readings(), &set.name)?;
    let breaker = source.breaker(slot)?;
    let label = names::label(reading.name);
    let old = breaker.settings();
    let new = changes::apply(&set.changes, old)
        .map_err(|error| Failure::because(format!("{error}; nothing was changed")))?;
    breaker.set_settings(new);

    let differing = changes::differences(old, new);
    if differing.is_empty() {
        writeln!(out, "{label}: nothing changed, it has these settings")?;
    }
    for difference in differing {
        writeln!(out, "{label}: {difference}")?;
    }
    Ok(())
}
