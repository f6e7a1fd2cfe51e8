//! `replay`: what other settings would have done to recorded calls.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    io::Write,
    path::{Path, PathBuf},
};

use fusebox::{BreakerSettings, Entry};
use fusebox_lab::replay::{Story, Told, Unknown};
use fusebox_shm::SharedTraceView;
use serde::Serialize;

use super::record::number_of;
use crate::{
    args::Replay,
    escape::escape,
    failure::{Failure, say},
    json, names,
    source::{self, Source},
    table::{self, Cell, Column},
    text, toml_file,
};

/// What one breaker's story is by each of the settings.
#[derive(Serialize)]
struct Report {
    name: String,
    /// How long the story is.
    length_ms: u64,
    rows: Vec<Row>,
}

/// What some settings do: where the ends of calls are not known, from the least to the
/// most.
#[derive(Serialize)]
struct Row {
    settings: String,
    /// Whether they are the live ones.
    live: bool,
    least: Amounts,
    most: Amounts,
}

#[derive(Serialize)]
struct Amounts {
    calls: u64,
    admitted: u64,
    refused: u64,
    failed: u64,
    saved: u64,
    lost: u64,
    unknown: u64,
    openings: u64,
    open_ms: u64,
    differing: u64,
}

/// Prints a report of each breaker that was asked for.
pub(super) fn run(
    panel: Option<&OsStr>,
    replay: &Replay,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let others = replay
        .with
        .iter()
        .map(|path| Ok((source::shown(path), toml_file::read(path, toml_file::settings)?)))
        .collect::<Result<Vec<_>, Failure>>()?;
    let path = Path::new(&replay.trace);
    let view = SharedTraceView::open(path).map_err(|error| source::failure(&error))?;
    let entries: Vec<Entry> = view.entries().collect();
    let names = names_of(panel, path)?;
    let name = |breaker: u16| names.get(&breaker).cloned().unwrap_or_else(|| format!("#{breaker}"));
    let mut breakers: Vec<u16> = entries.iter().map(|entry| entry.breaker).collect();
    breakers.sort_unstable();
    breakers.dedup();
    if let Some(wanted) = &replay.name {
        let is_wanted = |it: &u16| name(*it) == *wanted || it.to_string() == *wanted;
        breakers.retain(is_wanted);
        if breakers.is_empty() {
            return Err(Failure::because(format!(
                "the trace has no record of `{}`; `fusebox record on` records a breaker",
                escape(wanted)
            )));
        }
    }
    let mut reports = Vec::new();
    for breaker in breakers {
        match Story::of(entries.iter().copied(), breaker) {
            Ok(story) => reports.push(report(name(breaker), &story, &others)),
            Err(error) => say(&format!("{}: {error}", name(breaker))),
        }
    }
    if replay.json {
        writeln!(out, "{}", json::pretty(&reports))?;
    } else {
        for report in &reports {
            out.write_all(shown(report).as_bytes())?;
        }
    }
    if reports.is_empty() {
        out.flush()?;
        say("there is nothing to replay in this trace yet");
    }
    Ok(())
}

/// What each number is called in the panel, if there is one.
fn names_of(panel: Option<&OsStr>, trace: &Path) -> Result<BTreeMap<u16, String>, Failure> {
    let panel = match panel.filter(|path| !path.is_empty()) {
        Some(panel) => PathBuf::from(panel),
        None if trace.extension() == Some(OsStr::new("trace")) => trace.with_extension(""),
        None => return Ok(BTreeMap::new()),
    };
    if !panel.exists() {
        return Ok(BTreeMap::new());
    }
    let readings = Source::read(&panel)?.readings();
    let named = |(slot, reading): (usize, fusebox::Reading)| {
        Some((number_of(slot)?, names::label(reading.name)))
    };
    Ok(readings.into_iter().filter_map(named).collect())
}

fn report(name: String, story: &Story, others: &[(String, BreakerSettings)]) -> Report {
    let live = story.live();
    let row = |settings: String, live, least: &Told, most: &Told| Row {
        settings,
        live,
        least: amounts(least, most, u64::min),
        most: amounts(least, most, u64::max),
    };
    let others = others.iter().map(|(file, settings)| {
        let tell = |unknown| story.tell(*settings, unknown);
        let is_live = *settings == story.settings();
        row(file.clone(), is_live, &tell(Unknown::Succeed), &tell(Unknown::Fail))
    });
    let rows = std::iter::once(row("live".into(), true, &live, &live)).chain(others).collect();
    Report { name, length_ms: millis(story.length()), rows }
}

fn amounts(one: &Told, other: &Told, of: fn(u64, u64) -> u64) -> Amounts {
    Amounts {
        calls: of(one.calls, other.calls),
        admitted: of(one.admitted, other.admitted),
        refused: of(one.refused, other.refused),
        failed: of(one.failed, other.failed),
        saved: of(one.saved, other.saved),
        lost: of(one.lost, other.lost),
        unknown: of(one.unknown, other.unknown),
        openings: of(one.openings, other.openings),
        open_ms: of(millis(one.open), millis(other.open)),
        differing: of(one.differing, other.differing),
    }
}

fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

const COLUMNS: [&str; 10] = [
    "SETTINGS", "ADMITTED", "REFUSED", "FAILED", "SAVED", "LOST", "UNKNOWN", "OPENED", "OPEN",
    "DIFFERS",
];

fn shown(report: &Report) -> String {
    let columns = COLUMNS.map(|title| Column { title, right: title != "SETTINGS" });
    let rows: Vec<Vec<Cell>> = report.rows.iter().map(cells).collect();
    let Row { least, .. } = &report.rows[0];
    let time = text::short(std::time::Duration::from_millis(report.length_ms));
    let head = format!("{}: {} calls in {time}", report.name, least.calls);
    let said = match least.differing {
        0 => "the live settings do what happened".into(),
        times => format!("the live settings differ {times} times from what happened"),
    };
    format!("{head}; {said}\n{}\n", table::render(&columns, &rows))
}

fn cells(row: &Row) -> Vec<Cell> {
    let Row { settings, least, most, .. } = row;
    let range = |of: fn(&Amounts) -> u64| match (of(least), of(most)) {
        (least, most) if least == most => least.to_string(),
        (least, most) => format!("{least}..{most}"),
    };
    let short = |ms| text::short(std::time::Duration::from_millis(ms));
    let open = match (short(least.open_ms), short(most.open_ms)) {
        (least, most) if least == most => least,
        (least, most) => format!("{least}..{most}"),
    };
    vec![
        settings.clone().into(),
        range(|it| it.admitted).into(),
        range(|it| it.refused).into(),
        range(|it| it.failed).into(),
        range(|it| it.saved).into(),
        range(|it| it.lost).into(),
        range(|it| it.unknown).into(),
        range(|it| it.openings).into(),
        open.into(),
        range(|it| it.differing).into(),
    ]
}
