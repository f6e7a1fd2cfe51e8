//! `record`: a mark in the panel, for its live programs.

use std::{io::Write, path::Path};

use crate::{
    args::{Record, Switch},
    failure::Failure,
    names,
    source::Source,
};

/// Marks all that are named, or none.
pub(super) fn run(panel: &Path, record: &Record, out: &mut impl Write) -> Result<(), Failure> {
    let source = Source::write(panel)?;
    let found = names::find_all(&source.readings(), &record.names)?;
    let mut marks = Vec::new();
    for (slot, reading) in found {
        let number = number_of(slot).ok_or_else(|| {
            Failure::because(format!("slot {slot} cannot be recorded: only the first 4095 can"))
        })?;
        marks.push((source.breaker(slot)?, number, names::label(reading.name)));
    }
    for (breaker, number, label) in marks {
        let on = record.switch == Switch::On;
        breaker.set_recorded(on.then_some(number));
        let said = if on { "is recorded" } else { "is not recorded any more" };
        writeln!(out, "{label}: {said}")?;
    }
    Ok(())
}

/// The number under which the breaker in a slot is recorded.
pub(super) fn number_of(slot: usize) -> Option<u16> {
    u16::try_from(slot + 1).ok().filter(|number| *number <= 4_095)
}
