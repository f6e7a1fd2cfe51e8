//! One row for every rule: how soon it sees an outage, what it costs, when it is wrong.

use std::{hint::black_box, time::Instant};

use serde::Serialize;

use crate::{
    contender::Contender,
    measure,
    random::Random,
    rules::{Attempt, End, Ended},
    storm::{Share, Storm, builtin},
    table::{Table, ratio, share},
    time::Time,
    world::{Counts, Tally},
};

/// A rule in figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The rule.
    pub rule: String,
    /// At 1000 calls a second, all of which fail: what it took until calls were refused.
    pub outage: Seen,
    /// The same where half of them fail, at random.
    pub half: Seen,
    /// The same where a fifth of them fail.
    pub fifth: Seen,
    /// Where a fifth of all calls fail for five minutes: the share of calls refused.
    pub wrongly_refused: f64,
    /// In a million calls of which 1 % fail.
    pub false_alarms: Alarms,
    /// In a million calls of which 5 % fail.
    pub false_alarms_at_5: Alarms,
    /// Seconds from the end of an outage of 20 s until calls are answered as before;
    /// `None` if they never are.
    pub back_s: Option<f64>,
    /// Calls let through in the outage after the first refusal.
    pub probes: u64,
    /// Writes to what callers share, per call, where 1 % fail.
    pub writes: f64,
    /// Bytes for one service.
    pub bytes: usize,
}

/// Whether a rule saw that something is wrong, and what that took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// It refused no call.
    Never,
    /// It was refusing calls when it began.
    Before,
    /// It refused one after so many milliseconds, when so many calls had ended, and so
    /// many of them failed.
    After {
        /// Milliseconds.
        ms: u64,
        /// Calls that ended until then.
        calls: u64,
        /// Of those, the ones that failed.
        failed: u64,
    },
}

impl Seen {
    /// The calls that failed until it saw it; `None` if it did not, or was refusing before.
    #[must_use]
    pub const fn failed(self) -> Option<u64> {
        match self {
            Self::After { failed, .. } => Some(failed),
            Self::Never | Self::Before => None,
        }
    }
}

/// Calls refused where nothing was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Alarms {
    /// How often the rule began to refuse calls: openings.
    pub openings: u64,
    /// Calls refused.
    pub refused: u64,
}

impl Alarms {
    fn of(tally: &Tally) -> Self {
        Self { openings: tally.refusals.len() as u64, refused: tally.total().refused }
    }
}

fn outage(errors: f64, secs: u64) -> Storm {
    let mut storm = builtin("outage").expect("a built-in storm");
    storm.phases[1].errors = Share::new(errors);
    storm.phases[1].lasts = Time::secs(secs);
    storm
}

fn calm(errors: f64) -> Storm {
    let mut storm = builtin("outage").expect("a built-in storm");
    storm.service.errors = Share::new(errors).expect("a share");
    storm.phases.truncate(1);
    storm.phases[0].lasts = Time::secs(1_000);
    storm
}

fn seen(storm: &Storm, tally: &Tally) -> Seen {
    let Some((from, to)) = storm.trouble() else { return Seen::Never };
    let before = tally.of_first(Time::ZERO, from);
    let first = tally.refusals.iter().find(|it| it.at >= from && it.at < to);
    let soon = tally.of_first(from, from + tally.bin);
    match first {
        // Whoever refuses from the first moment on was refusing before: of the calls of
        // the first second, not one in ten was made.
        _ if before.refused > 0 && soon.attempts < soon.all() / 10 => Seen::Before,
        None => Seen::Never,
        Some(first) => Seen::After {
            ms: (first.at - from).as_millis(),
            calls: first.ended - before.successes - before.failures,
            failed: first.failures - before.failures,
        },
    }
}

fn phase_of_trouble(storm: &Storm, tally: &Tally) -> Counts {
    storm.trouble().map(|(from, to)| tally.between(from, to)).unwrap_or_default()
}

/// The row of a rule.
///
/// # Panics
/// Never: its storms are built in.
#[must_use]
pub fn row(contender: &Contender) -> Row {
    let (outage, half, fifth) = (outage(1.0, 20), outage(0.5, 300), outage(0.2, 300));
    let in_outage = contender.meets(&outage);
    let in_fifth = contender.meets(&fifth);
    let [calm, worse] = [calm(0.01), calm(0.05)].map(|storm| contender.meets(&storm));
    let bad = phase_of_trouble(&fifth, &in_fifth);
    Row {
        rule: contender.name().into(),
        half: seen(&half, &contender.meets(&half)),
        fifth: seen(&fifth, &in_fifth),
        wrongly_refused: ratio(bad.refused, bad.all()),
        false_alarms: Alarms::of(&calm),
        false_alarms_at_5: Alarms::of(&worse),
        back_s: measure::back_after(&outage, &in_outage).map(Time::as_secs_f64),
        probes: phase_of_trouble(&outage, &in_outage).probes,
        outage: seen(&outage, &in_outage),
        writes: ratio(calm.writes, calm.total().all()),
        bytes: contender.bytes(),
    }
}

/// Nanoseconds that the rule takes for a healthy call, here and now: the least of some
/// rounds. Of rules re-enacted, it says nothing of the original's speed.
#[must_use]
#[allow(clippy::cast_precision_loss)] // a small number
pub fn nanoseconds(contender: &Contender) -> f64 {
    const CALLS: u32 = 100_000;
    contender.alone(|rule| {
        let mut random = Random::new(1, 0);
        let mut round = |start: u64| {
            let began = Instant::now();
            for call in 0..CALLS {
                let now = Time::micros(start + u64::from(call) * 10);
                let attempt = black_box(Attempt::new(now, 1));
                if let Some(ticket) = rule.admit(attempt, &mut random) {
                    let ended = Ended { now, began: now, number: 1, end: End::Success };
                    rule.end(ticket, black_box(ended), &mut random);
                }
            }
            began.elapsed().as_nanos() as f64 / f64::from(CALLS)
        };
        (0..5).map(|at| round(at * u64::from(CALLS) * 10)).fold(f64::INFINITY, f64::min)
    })
}

/// The table of these rows.
#[must_use]
pub fn table(rows: &[Row]) -> Table {
    let mut table = Table::new([
        "rule",
        "100 % fail: failed calls before it refuses (ms)",
        "50 % fail",
        "20 % fail",
        "refused at 20 %",
        "openings in 10⁶ calls at 1 % (refused)",
        "at 5 %",
        "back after an outage of 20 s",
        "probes in it",
        "shared writes a call",
        "bytes",
    ]);
    for row in rows {
        let seen = |it| match it {
            Seen::Never => "never".to_owned(),
            Seen::Before => "open before".to_owned(),
            Seen::After { ms, failed, .. } => format!("{failed} ({ms})"),
        };
        let alarms = |it: Alarms| format!("{} ({})", it.openings, it.refused);
        let back = row.back_s.map_or_else(|| "never".into(), |it| format!("{it:.0} s"));
        table.row([
            row.rule.clone(),
            seen(row.outage),
            seen(row.half),
            seen(row.fifth),
            share(row.wrongly_refused),
            alarms(row.false_alarms),
            alarms(row.false_alarms_at_5),
            back,
            row.probes.to_string(),
            format!("{:.2}", row.writes),
            row.bytes.to_string(),
        ]);
    }
    table
}
