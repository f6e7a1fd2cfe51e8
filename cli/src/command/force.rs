//! `isolate`, `close`, `disable`, `reset`.

use std::{io::Write, path::Path};

use crate::{action::Action, args::Names, failure::Failure, names, source::Source};

/// Does it to all of `names`, or to none if one is unknown.
pub(super) fn run(
    panel: &Path,
    action: Action,
    names: &Names,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let source = Source::write(panel)?;
    for (slot, reading) in names::find_all(&source.readings(), &names.names)? {
        let breaker = source.breaker(slot)?;
        writeln!(out, "{}: {}", names::label(reading.name), action.apply(breaker))?;
    }
    Ok(())
}
