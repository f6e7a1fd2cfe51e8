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
    world::Tally,
};

/// A rule in figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The rule.
    pub rule: String,
    /// At 1000 calls a second, all of which fail: calls that ended before the first one
    /// was refused, the failed ones of them, and the milliseconds until then; `None` if
    /// none was.
    pub outage: Option<Detection>,
    /// The same where half of them fail, at random.
    pub half: Option<Detection>,
    /// The same where a fifth of them fail.
    pub fifth: Option<Detection>,
    /// Where a fifth of all calls fail for five minutes: the share of calls refused.
    pub wrongly_refused: f64,
    /// Openings in a million calls of which 1 % fail.
    pub false_openings: u64,
    /// Openings in a million calls of which 5 % fail.
    pub false_openings_at_5: u64,
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

/// What it took to see that something is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Detection {
    /// Milliseconds.
    pub ms: u64,
    /// Calls that ended until then.
    pub calls: u64,
    /// Of those, the ones that failed.
    pub failed: u64,
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

fn detection(storm: &Storm, tally: &Tally) -> Option<Detection> {
    let (from, to) = storm.trouble()?;
    let first = tally.refusals.iter().find(|it| it.at >= from && it.at < to)?;
    let before = tally.of_first(Time::ZERO, from);
    Some(Detection {
        ms: (first.at - from).as_millis(),
        calls: first.ended - before.successes - before.failures,
        failed: first.failures - before.failures,
    })
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
    let (from, to) = fifth.trouble().expect("trouble");
    let bad = in_fifth.between(from, to);
    Row {
        rule: contender.name().into(),
        half: detection(&half, &contender.meets(&half)),
        fifth: detection(&fifth, &in_fifth),
        wrongly_refused: ratio(bad.refused, bad.all()),
        false_openings: calm.refusals.len() as u64,
        false_openings_at_5: worse.refusals.len() as u64,
        back_s: measure::back_after(&outage, &in_outage).map(Time::as_secs_f64),
        probes: in_outage.probes,
        outage: detection(&outage, &in_outage),
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
                let attempt = black_box(Attempt { now, number: 1 });
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
        "openings in 10⁶ calls at 1 %",
        "at 5 %",
        "back after an outage of 20 s",
        "probes in it",
        "shared writes a call",
        "bytes",
    ]);
    for row in rows {
        let seen = |it: Option<Detection>| {
            it.map_or_else(|| "never".into(), |it| format!("{} ({})", it.failed, it.ms))
        };
        let back = row.back_s.map_or_else(|| "never".into(), |it| format!("{it:.0} s"));
        table.row([
            row.rule.clone(),
            seen(row.outage),
            seen(row.half),
            seen(row.fifth),
            share(row.wrongly_refused),
            row.false_openings.to_string(),
            row.false_openings_at_5.to_string(),
            back,
            row.probes.to_string(),
            format!("{:.2}", row.writes),
            row.bytes.to_string(),
        ]);
    }
    table
}
