//! `try`: settings in a storm, beside the rules of other libraries.

use std::{io::Write, path::PathBuf};

use fusebox_lab::trial::Trial;
use serde::Serialize;

use crate::{
    args::Try,
    failure::Failure,
    json,
    trial::{contenders, list::List, picture, progress::Progress, storms, table},
};

/// A trial, and the seed that it follows from.
#[derive(Serialize)]
struct Tried<'t> {
    #[serde(flatten)]
    trial: &'t Trial,
    seed: u64,
}

/// Tries each rule, and prints what came of it; `panel` is asked for only where a breaker
/// of it is named.
pub(super) fn run(
    panel: impl FnOnce() -> Result<PathBuf, Failure>,
    args: &Try,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let Some(storm) = &args.storm else {
        let list = List::new();
        let text = if args.json { list.json() } else { list.tables() };
        return Ok(out.write_all(text.as_bytes())?);
    };
    let mut storm = storms::find(storm)?;
    storm.seed = args.seed.unwrap_or(storm.seed);
    let mut given = contenders::from_files(&args.with)?;
    if !args.breaker.is_empty() {
        given.extend(contenders::from_panel(&panel()?, &args.breaker)?);
    }

    let contenders = contenders::all(given, args, &storm);
    let progress = Progress::new(contenders.len());
    let trial = Trial::run(&storm, &contenders, |at, contender| progress.begins(at, contender));
    drop(progress);

    // Whoever reads no more of the table still gets the picture.
    let drawn = args.svg.as_ref().map(|path| picture::write(path, &picture::svg(&trial)));
    let text = if args.json {
        json::pretty(&Tried { trial: &trial, seed: storm.seed }) + "\n"
    } else {
        table::of(&storm, &trial)
    };
    out.write_all(text.as_bytes())?;
    out.flush()?;
    drawn.unwrap_or(Ok(()))
}
