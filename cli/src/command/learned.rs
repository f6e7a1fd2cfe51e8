//! `learned`: what breakers have learned of their services.

use std::{io::Write, path::Path, time::Duration};

use fusebox::Reading;
use serde::Serialize;

use crate::{
    args::Learned,
    failure::Failure,
    json, names,
    source::Source,
    table::{self, Cell, Column},
};

/// Shows it, or changes whether and from when on these breakers learn: all or none.
pub(super) fn run(panel: &Path, args: &Learned, out: &mut impl Write) -> Result<(), Failure> {
    if args.to.freeze || args.to.thaw || args.to.forget {
        return change(panel, args, out);
    }
    let source = Source::read(panel)?;
    source.warn();
    let mut readings = source.readings();
    if args.names.is_empty() {
        readings.sort_by_cached_key(|(slot, reading)| (names::label(reading.name), *slot));
    } else {
        readings = names::find_all(&readings, &args.names)?;
    }
    let readings: Vec<_> = readings.iter().map(|(_, it)| it).collect();
    let shown = if args.json {
        json::pretty(&readings.iter().map(|it| Shown::of(it)).collect::<Vec<_>>()) + "\n"
    } else {
        let rows: Vec<_> = readings.iter().map(|it| row(it)).collect();
        table::render(&COLUMNS, &rows)
    };
    Ok(out.write_all(shown.as_bytes())?)
}

fn change(panel: &Path, args: &Learned, out: &mut impl Write) -> Result<(), Failure> {
    let source = Source::write(panel)?;
    for (slot, reading) in names::find_all(&source.readings(), &args.names)? {
        let breaker = source.breaker(slot)?;
        let said = if args.to.forget {
            breaker.forget_learned();
            "what was learned is forgotten"
        } else {
            breaker.set_learning(args.to.thaw);
            if args.to.thaw { "learns again" } else { "what was learned is frozen" }
        };
        writeln!(out, "{}: {said}", names::label(reading.name))?;
    }
    Ok(())
}

/// What `--json` prints of a breaker.
#[derive(Serialize)]
struct Shown<'r> {
    name: Option<&'r fusebox::Name>,
    #[serde(flatten)]
    learned: fusebox::Learned,
    slow_limit_ms: Option<u128>,
    words: String,
}

impl<'r> Shown<'r> {
    fn of(reading: &'r Reading) -> Self {
        Self {
            name: reading.name.as_ref(),
            learned: reading.learned,
            slow_limit_ms: reading.slow_limit.map(|it| it.as_millis()),
            words: reading.learned.to_string(),
        }
    }
}

const COLUMNS: [Column; 8] = [
    Column { title: "NAME", right: false },
    Column { title: "LATENCY", right: true },
    Column { title: "USUAL", right: true },
    Column { title: "SLOW FROM", right: true },
    Column { title: "OUTAGE", right: true },
    Column { title: "PROBE", right: true },
    Column { title: "FAIL", right: true },
    Column { title: "REMARK", right: false },
];

/// To three digits: more of it is not known.
fn rounded(time: Duration) -> String {
    let nanos = time.as_nanos().max(1);
    let unit = 10_u128.pow(nanos.ilog10().saturating_sub(2));
    let nanos = u64::try_from(nanos / unit * unit).unwrap_or(u64::MAX);
    format!("{:?}", Duration::from_nanos(nanos))
}

fn row(reading: &Reading) -> Vec<Cell> {
    let learned = &reading.learned;
    let time = |time: Option<Duration>| time.map_or_else(|| "-".to_owned(), rounded);
    let percent = learned.first_probe.map_or_else(|| "-".into(), |it| format!("{it}%"));
    let failures = learned
        .failures_ppm
        .map_or_else(|| "-".into(), |ppm| format!("{}.{:02}%", ppm / 10_000, ppm % 10_000 / 100));
    vec![
        names::label(reading.name).into(),
        time(learned.latency).into(),
        time(learned.baseline).into(),
        time(reading.slow_limit).into(),
        time(learned.outage).into(),
        percent.into(),
        failures.into(),
        if learned.frozen { "frozen" } else { "" }.to_owned().into(),
    ]
}
