//! `set`: settings, changed live.

use std::{io::Write, path::Path};

use crate::{
    args::Set,
    changes::{self, Change},
    failure::Failure,
    limits::{self, Wanted},
    names,
    source::Source,
};

/// Changes all that was asked for, or nothing.
pub(super) fn run(panel: &Path, set: &Set, out: &mut impl Write) -> Result<(), Failure> {
    once(&set.changes)?;
    let (mut of_breaker, mut of_limits) = (Vec::new(), Vec::new());
    for change in &set.changes {
        match change {
            Change::Breaker(given) => of_breaker.push(*given),
            Change::Limit(change) => of_limits.push(*change),
        }
    }
    let source = Source::write(panel)?;
    let (slot, reading) = names::find(&source.readings(), &set.name)?;
    let (breaker, limits) = (source.breaker(slot)?, source.limits_of(slot)?);
    let label = names::label(reading.name);
    let nothing = |error: String| Failure::because(format!("{error}; nothing was changed"));

    // First whatever can be refused.
    let before = source.limits().get(&slot).map(Wanted::from).unwrap_or_default();
    let wanted = before.with(&of_limits).map_err(nothing)?;
    let (old, new) = breaker
        .update_settings(|settings| changes::apply(&of_breaker, settings))
        .map_err(|error| nothing(error.to_string()))?;
    wanted.apply(limits);
    if wanted.bulkhead() != before.bulkhead() {
        source.set_bulkhead(slot, wanted.bulkhead())?;
    }

    let mut differing = changes::differences(old, new);
    differing.extend(limits::differences(before, wanted));
    if differing.is_empty() {
        writeln!(out, "{label}: nothing changed, it has these settings")?;
    }
    for difference in differing {
        writeln!(out, "{label}: {difference}")?;
    }
    Ok(())
}

/// Each key was given once.
fn once(changes: &[Change]) -> Result<(), Failure> {
    let mut seen = Vec::new();
    for name in changes.iter().map(Change::name) {
        if seen.contains(&name) {
            return Err(Failure::Usage(format!("`{name}` is given twice")));
        }
        seen.push(name);
    }
    Ok(())
}
