//! `watch`: changes as they happen, one line each.

use std::{io::Write, path::Path, thread};

use fusebox::{BreakerSettings, Name, Reading, State};
use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::{
    args::Watch,
    changes,
    failure::{Failure, say},
    json, names, paint,
    source::{Source, shown},
};

/// Prints changes until nobody reads them.
pub(super) fn run(path: &Path, watch: &Watch, out: &mut impl Write) -> Result<(), Failure> {
    let mut source = Source::read(path)?;
    let mut seen = Seen::new(&source);
    for (slot, reading) in source.readings() {
        seen.slots[slot] = Some(reading);
    }
    let breakers = seen.slots.iter().flatten().count();
    source.warn();
    say(&format!("watching {breakers} breakers in {}", shown(path)));
    let mut lost = false;
    loop {
        thread::sleep(watch.interval);
        match source.renewed() {
            Ok(None) => lost = false,
            Ok(Some(renewed)) => {
                source = renewed;
                seen = Seen::new(&source);
                lost = false;
                say("the file was replaced: watching the new one");
            }
            // While there is none, the old one is all there is.
            Err(failure) if !lost => {
                lost = true;
                say(&format!("still watching the old file: {failure}"));
            }
            Err(_) => {}
        }
        for (slot, reading) in source.readings() {
            for change in seen.changes(slot, &reading) {
                print(out, &change, watch.json)?;
            }
        }
    }
}

/// What was seen last in each slot.
struct Seen {
    slots: Vec<Option<Reading>>,
}

impl Seen {
    fn new(source: &Source) -> Self {
        Self { slots: vec![None; source.capacity()] }
    }

    /// What has changed in a slot since it was looked at.
    fn changes(&mut self, slot: usize, new: &Reading) -> Vec<Change> {
        let at = Timestamp::now();
        let change = |what| Change { at, name: new.name, what };
        let old = self.slots[slot].replace(*new).filter(|old| old.name == new.name);
        let Some(old) = old else {
            return vec![change(What::Registered { state: new.snapshot.state })];
        };
        let mut changes = Vec::new();
        let generation = new.snapshot.generation;
        // Every change of state moves it by one.
        let steps = generation.wrapping_sub(old.snapshot.generation) % GENERATIONS;
        if steps != 0 {
            let (from, to) = (old.snapshot.state, new.snapshot.state);
            changes.push(change(What::Transition { from, to, generation, missed: steps - 1 }));
        }
        if old.settings != new.settings {
            changes.push(change(What::Settings { from: old.settings, to: new.settings }));
        }
        changes
    }
}

/// After so many changes of state a generation comes again.
const GENERATIONS: u16 = 1024;

/// Something changed.
#[derive(Serialize)]
struct Change {
    #[serde(serialize_with = "to_the_millisecond")]
    at: Timestamp,
    name: Option<Name>,
    #[serde(flatten)]
    what: What,
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum What {
    Transition {
        from: State,
        to: State,
        generation: u16,
        /// Changes of state in between, which came and went unseen.
        missed: u16,
    },
    Registered {
        state: State,
    },
    Settings {
        from: BreakerSettings,
        to: BreakerSettings,
    },
}

fn to_the_millisecond<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{at:.3}"))
}

impl Change {
    /// One line for people.
    fn text(&self) -> String {
        let Self { at, name, what } = self;
        let name = names::label(*name);
        let painted = |state: State| {
            let style = paint::state(state);
            format!("{style}{state}{style:#}")
        };
        let what = match what {
            What::Transition { from, to, generation, missed } => {
                let missed = match missed {
                    0 => String::new(),
                    1 => ", 1 change in between was missed".into(),
                    missed => format!(", {missed} changes in between were missed"),
                };
                format!("{from} -> {} (generation {generation}{missed})", painted(*to))
            }
            What::Registered { state } => format!("registered, {}", painted(*state)),
            What::Settings { from, to } => {
                format!("settings: {}", changes::differences(*from, *to).join(", "))
            }
        };
        format!("{at:.3} {name} {what}")
    }
}

/// Writes it at once: somebody waits for it.
fn print(out: &mut impl Write, change: &Change, as_json: bool) -> Result<(), Failure> {
    let line = if as_json { json::line(change) } else { change.text() };
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
