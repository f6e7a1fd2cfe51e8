//! `ls`: all breakers, once.

use std::io::Write;

use fusebox::{BreakerSettings, LimitsReading, Reading, State, health::Window};

use crate::{
    args::Ls,
    changes,
    failure::{Failure, say},
    json,
    limits::Wanted,
    names, paint, share,
    source::Source,
    table::{self, Cell, Column},
    text,
};

/// Prints the breakers that were asked for.
pub(super) fn run(source: &Source, ls: &Ls, out: &mut impl Write) -> Result<(), Failure> {
    source.warn();
    let mut readings = source.readings();
    if ls.names.is_empty() {
        readings.sort_by_cached_key(|(slot, reading)| (names::label(reading.name), *slot));
    } else {
        readings = names::find_all(&readings, &ls.names)?;
    }
    let limits = source.limits();
    let rows: Vec<_> = readings.iter().map(|(slot, it)| (it, limits.get(slot))).collect();
    let text = if ls.json {
        let breakers: Vec<_> =
            rows.iter().map(|(it, limits)| json::Breaker::new(it, score(it), *limits)).collect();
        json::pretty(&breakers) + "\n"
    } else {
        let pressed = source.pressure().map(|it| format!("{it}\n")).unwrap_or_default();
        table(&rows) + &pressed
    };
    out.write_all(text.as_bytes())?;
    if readings.is_empty() {
        out.flush()?;
        say("no breaker is registered in this panel yet");
    }
    Ok(())
}

/// By one reading: without rates, its state says all.
fn score(reading: &Reading) -> Option<u8> {
    let mut window = Window::<2>::new();
    window.push(reading);
    window.score()
}

const COLUMNS: [Column; 15] = [
    Column { title: "NAME", right: false },
    Column { title: "STATE", right: false },
    Column { title: "LEFT", right: true },
    Column { title: "OPEN FOR", right: true },
    Column { title: "POINTS", right: true },
    Column { title: "FAILED", right: true },
    Column { title: "SLOW", right: true },
    Column { title: "REJECTED", right: true },
    Column { title: "OPENED", right: true },
    Column { title: "CALLS", right: true },
    Column { title: "RETRIES", right: true },
    Column { title: "GAVE UP", right: true },
    Column { title: "FALLBACKS", right: true },
    Column { title: "SCORE", right: true },
    Column { title: "SETTINGS", right: false },
];

/// Where some slot has a limit.
const LIMITS: [Column; 4] = [
    Column { title: "LIMITED", right: true },
    Column { title: "NO RETRY", right: true },
    Column { title: "RETRIES LEFT", right: true },
    Column { title: "LIMITS", right: false },
];

/// Where some slot has a bulkhead.
const IN_FLIGHT: Column = Column { title: "IN FLIGHT", right: true };

/// Where some breaker sheds load or lets calls back: they stand after [`REJECTED`].
const SHARE: [Column; 3] = [
    Column { title: "SHED", right: true },
    Column { title: "SHEDS NOW", right: true },
    Column { title: "ADMITS FROM", right: false },
];

const REJECTED: usize = 7;

const DRILL: Column = Column { title: "DRILL", right: false };

const FAULT: Column = Column { title: "FAULT", right: false };

/// A breaker, and its slot's limits, if there are any.
type Row<'r> = (&'r Reading, Option<&'r LimitsReading>);

fn table(rows: &[Row<'_>]) -> String {
    let mut columns = COLUMNS.to_vec();
    let mut cells: Vec<_> = rows.iter().map(|(reading, _)| row(reading)).collect();
    if rows.iter().any(|(reading, _)| reading.admits_a_share()) {
        let after = REJECTED + 1;
        columns.splice(after..after, SHARE);
        for (row, (reading, _)) in cells.iter_mut().zip(rows) {
            row.splice(after..after, share_in_short(reading));
        }
    }
    if rows.iter().any(|(_, limits)| limits.is_some()) {
        columns.extend(LIMITS);
        for (row, (_, limits)) in cells.iter_mut().zip(rows) {
            row.extend(limits_in_short(*limits));
        }
    }
    if rows.iter().any(|(_, limits)| limits.is_some_and(|it| it.bulkhead.is_some())) {
        // Before what the limits are, which has no fixed width.
        columns.insert(columns.len() - 1, IN_FLIGHT);
        for (row, (_, limits)) in cells.iter_mut().zip(rows) {
            let in_flight = limits.and_then(|it| it.bulkhead).map(|it| it.in_flight.into());
            row.insert(row.len() - 1, shown(in_flight));
        }
    }
    if rows.iter().any(|(reading, _)| reading.drill.is_some()) {
        columns.push(DRILL);
        for (row, (reading, _)) in cells.iter_mut().zip(rows) {
            row.push(reading.drill.map_or_else(|| "-".into(), |it| it.to_string()).into());
        }
    }
    if rows.iter().any(|(reading, _)| reading.fault.is_some()) {
        columns.push(FAULT);
        for (row, (reading, _)) in cells.iter_mut().zip(rows) {
            let text = reading.fault.map(|fault| fault.to_string()).unwrap_or_default();
            row.push(Cell { text, style: paint::FAULT });
        }
    }
    table::render(&columns, &cells)
}

fn share_in_short(reading: &Reading) -> [Cell; 3] {
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".into()).into();
    let shed = reading.counters.shed.to_string();
    [shed.into(), or_none(share::sheds(reading)), or_none(share::admits_from(reading))]
}

fn limits_in_short(limits: Option<&LimitsReading>) -> [Cell; 4] {
    let turns_away = limits.filter(|it| it.rate.is_some() || it.bulkhead.is_some());
    let budget = limits.and_then(|it| it.budget);
    [
        shown(turns_away.map(LimitsReading::refused)),
        shown(budget.map(|it| it.refused)),
        shown(budget.map(|it| it.available.into())),
        limits.map_or_else(|| "-".into(), |it| Wanted::from(it).in_short()).into(),
    ]
}

fn shown(number: Option<u64>) -> Cell {
    number.map_or_else(|| "-".into(), |number| number.to_string()).into()
}

fn row(reading: &Reading) -> Vec<Cell> {
    let Reading { snapshot, counters, settings, .. } = reading;
    let state = snapshot.state;
    let time = |time: Option<_>| time.map_or_else(|| "-".into(), text::short);
    let points = match state {
        State::Closed => {
            format!("{}/{}", snapshot.score, settings.failure_threshold())
        }
        _ => "-".into(),
    };
    // Whoever counts calls has counted one before anything else happens.
    let calls = if counters.calls == 0 { "-".into() } else { counters.calls.to_string() };
    // Without a limit no call is slow.
    let slow = settings.slow_call().map_or_else(|| "-".into(), |_| counters.slow.to_string());
    let score = score(reading);
    vec![
        names::label(reading.name).into(),
        Cell { text: share::state(reading), style: share::style(reading) },
        time(reading.time_left.or(reading.ramp_left)).into(),
        time(reading.open_for).into(),
        points.into(),
        counters.failures.to_string().into(),
        slow.into(),
        counters.rejections.to_string().into(),
        counters.openings.to_string().into(),
        calls.into(),
        counters.retries.to_string().into(),
        counters.exhausted.to_string().into(),
        counters.fallbacks.to_string().into(),
        Cell {
            text: score.map_or_else(|| "-".into(), |score| score.to_string()),
            style: paint::score(score),
        },
        settings_in_short(*settings).into(),
    ]
}

/// As `set` takes them: the recovery timeout, and what differs from the
/// defaults. The threshold stands in a column of its own.
fn settings_in_short(settings: BreakerSettings) -> String {
    let defaults = changes::list(BreakerSettings::default());
    let shown = changes::list(settings).zip(defaults).filter(|(own, default)| {
        own.0 != "failure_threshold" && (own.0 == "recovery_timeout" || own != default)
    });
    shown.map(|((key, value), _)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
}
