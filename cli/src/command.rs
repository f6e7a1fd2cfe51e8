//! The commands, and the panel that they are about.

mod alerts;
mod compare;
mod dashboard;
mod fleet;
mod force;
mod ls;
mod map;
mod pressure;
mod record;
mod replay;
mod set;
mod shadow;
mod sync;
mod try_storm;
mod watch;

use std::{ffi::OsString, io::Write, path::PathBuf};

use clap::CommandFactory as _;

use crate::{
    action::Action,
    args::{Args, Command},
    failure::Failure,
    serve,
    source::Source,
    top,
};

/// Does what `args` say.
///
/// # Errors
/// [`Failure`], which says why and with which code to end.
pub fn run(args: Args) -> Result<(), Failure> {
    // Colours only where they are wanted: on a terminal, without NO_COLOR.
    let mut out = anstream::stdout().lock();
    let panel = || named(args.panel.clone());
    match args.command {
        Command::Ls(ls) => ls::run(&Source::read(&panel()?)?, &ls, &mut out)?,
        Command::Top(top) => top::run(&panel()?, &top)?,
        Command::Watch(watch) => watch::run(&panel()?, &watch, &mut out)?,
        Command::Isolate(names) => force::run(&panel()?, Action::Isolate, &names, &mut out)?,
        Command::Close(names) => force::run(&panel()?, Action::Close, &names, &mut out)?,
        Command::Disable(names) => force::run(&panel()?, Action::Disable, &names, &mut out)?,
        Command::Reset(names) => force::run(&panel()?, Action::Reset, &names, &mut out)?,
        Command::Set(set) => set::run(&panel()?, &set, &mut out)?,
        Command::Map(map) => map::run(&panel()?, &map, &mut out)?,
        Command::Record(record) => record::run(&panel()?, &record, &mut out)?,
        Command::Replay(replay) => replay::run(args.panel.as_deref(), &replay, &mut out)?,
        Command::Shadow(shadow) => shadow::run(&panel()?, &shadow, &mut out)?,
        Command::Compare(compare) => compare::run(&panel()?, &compare, &mut out)?,
        Command::Serve(serve) => serve::run(&panel()?, &serve)?,
        Command::Alerts(alerts) => alerts::run(&alerts, &mut out)?,
        Command::Dashboard(dashboard) => dashboard::run(&dashboard, &mut out)?,
        Command::Fleet(fleet) => fleet::run(&fleet, &mut out)?,
        Command::Sync(sync) => sync::run(&panel()?, &sync, &mut out)?,
        Command::Pressure(pressure) => pressure::run(panel, &pressure, &mut out)?,
        Command::Try(trial) => try_storm::run(panel, &trial, &mut out)?,
        Command::Completions { shell } => {
            // Made whole first: the generator panics on a closed pipe.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "fusebox", &mut script);
            out.write_all(&script)?;
        }
    }
    Ok(out.flush()?)
}

/// The panel's file.
fn named(panel: Option<OsString>) -> Result<PathBuf, Failure> {
    panel.filter(|path| !path.is_empty()).map(PathBuf::from).ok_or_else(|| {
        Failure::Usage(
            "no panel: name its file with --panel FILE, or in the variable FUSEBOX_PANEL".into(),
        )
    })
}
