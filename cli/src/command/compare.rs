//! `compare`: a breaker beside its shadow, or the two arms of a split.

use std::{io::Write, path::Path, thread};

use fusebox::{
    Reading, SplitError,
    compare::{CompareError, Comparison, Sample, Share, Verdict},
};
use serde::Serialize;

use crate::{
    args::Compare,
    changes,
    failure::Failure,
    json, names,
    source::Source,
    table::{self, Column},
};

/// Prints the comparison, once or again and again.
pub(super) fn run(panel: &Path, compare: &Compare, out: &mut impl Write) -> Result<(), Failure> {
    if let [a, b] = compare.shares[..] {
        if u32::from(a) + u32::from(b) != 1_000 {
            return Err(Failure::because(SplitError { a, b }.to_string()));
        }
    } else if !compare.shares.is_empty() {
        return Err(Failure::Usage("--shares takes two numbers, as in 900,100".into()));
    }
    let mut source = Source::read(panel)?;
    loop {
        let readings = source.readings();
        let (_, a) = names::find(&readings, &compare.name)?;
        let b = compare.other.as_ref().map(|name| names::find(&readings, name)).transpose()?;
        match b {
            Some((_, b)) => show(&Arms::of(&a, &b, compare)?, compare, out, arms)?,
            None => show(&Beside::of(&a)?, compare, out, beside)?,
        }
        if !compare.watch {
            return Ok(());
        }
        out.flush()?;
        thread::sleep(compare.interval);
        if let Ok(Some(renewed)) = source.renewed() {
            source = renewed;
        }
    }
}

fn show<T: Serialize>(
    what: &T,
    compare: &Compare,
    out: &mut impl Write,
    text: impl Fn(&T) -> String,
) -> Result<(), Failure> {
    if !compare.json {
        out.write_all(text(what).as_bytes())?;
    } else if compare.watch {
        writeln!(out, "{}", json::line(what))?;
    } else {
        writeln!(out, "{}", json::pretty(what))?;
    }
    Ok(())
}

/// A breaker and its shadow.
#[derive(Serialize)]
struct Beside {
    name: String,
    /// What the shadow has otherwise.
    differing: Vec<String>,
    state: String,
    shadow: fusebox::ShadowReading,
}

impl Beside {
    fn of(reading: &Reading) -> Result<Self, Failure> {
        let name = names::label(reading.name);
        let Some(shadow) = reading.shadow else {
            return Err(Failure::because(format!(
                "`{name}` has no shadow; set one with `fusebox shadow {name} KEY=VALUE`, or name \
                 the other arm of a split"
            )));
        };
        Ok(Self {
            name,
            differing: changes::differences(reading.settings, shadow.settings),
            state: reading.snapshot.state.to_string(),
            shadow,
        })
    }
}

fn beside(it: &Beside) -> String {
    let columns = ["", "STATE", "LOST", "SAVED", "PASSED", "OPENED", "UNKNOWN"]
        .map(|title| Column { title, right: !matches!(title, "" | "STATE") });
    let shadow = &it.shadow;
    let bad = shadow.saved + shadow.passed;
    let row = |title: &str, state: String, figures: [u64; 3], opened: String, unknown: String| {
        let mut row: Vec<table::Cell> = vec![title.into(), state.into()];
        row.extend(figures.map(|figure| figure.to_string().into()));
        row.extend([opened.into(), unknown.into()]);
        row
    };
    let (figures, nothing) = ([shadow.lost, shadow.saved, shadow.passed], String::new());
    let (state, opened) = (shadow.snapshot.state.to_string(), shadow.openings.to_string());
    let unknown = shadow.unknown.to_string();
    let live = row("live", it.state.clone(), [0, 0, bad], nothing.clone(), unknown);
    let other = row("shadow", state, figures, opened, nothing);
    let mut text = format!("{}: the shadow has {}\n", it.name, it.differing.join(", "));
    text += &table::render(&columns, &[live, other]);
    text + &format!(
        "of {bad} calls that failed or were slow, the shadow would have saved {}, and refused {} \
         that succeeded\n",
        shadow.saved, shadow.lost
    )
}

/// The arms of a split.
#[derive(Serialize)]
struct Arms {
    a: Arm,
    b: Arm,
    alpha: f64,
    /// A bound on the chance of as much evidence where there is no difference.
    p: f64,
    verdict: &'static str,
    /// The same in a sentence.
    said: String,
    /// Where the requests are not split as they should be.
    split: Option<String>,
}

#[derive(Serialize)]
struct Arm {
    name: String,
    requests: u64,
    failures: u64,
    refused: u64,
    openings: u64,
    unanswered: u64,
    share: f64,
    low: f64,
    high: f64,
    #[serde(skip)]
    shown: String,
}

impl Arms {
    fn of(a: &Reading, b: &Reading, compare: &Compare) -> Result<Self, Failure> {
        if a.name == b.name {
            return Err(Failure::because("the two arms are one breaker"));
        }
        let sample = |it: &Reading| Sample::of(&it.counters).map_err(|error| uncounted(it, error));
        let comparison = Comparison::of(sample(a)?, sample(b)?, compare.alpha)
            .map_err(|error| Failure::because(format!("--alpha: {error}")))?;
        Ok(Self {
            a: Arm::of(a, comparison.a),
            b: Arm::of(b, comparison.b),
            alpha: comparison.alpha,
            p: comparison.p,
            verdict: match comparison.verdict {
                Verdict::AIsBetter => "a",
                Verdict::BIsBetter => "b",
                _ => "undecided",
            },
            said: comparison.to_string(),
            split: misfit(&comparison, &compare.shares),
        })
    }
}

fn uncounted(reading: &Reading, error: CompareError) -> Failure {
    Failure::because(format!("`{}`: {error}", names::label(reading.name)))
}

/// Where the requests are not split in these shares: by more than chance would do once in
/// some ten thousand looks.
#[allow(clippy::cast_precision_loss)] // counts
fn misfit(comparison: &Comparison, shares: &[u16]) -> Option<String> {
    let [_, of_b] = *shares else { return None };
    let (a, b) = (comparison.a.sample.requests() as f64, comparison.b.sample.requests() as f64);
    let (expected, seen) = (f64::from(of_b) / 1e3, b / (a + b));
    let deviation = (expected * (1.0 - expected) / (a + b)).sqrt();
    ((seen - expected).abs() > 4.0 * deviation).then(|| {
        format!(
            "the requests are not split as {} % and {} %: {:.1} % of them came to B. Were both \
             breakers made at one time, and are all calls counted?",
            100.0 - expected * 100.0,
            expected * 100.0,
            seen * 100.0
        )
    })
}

impl Arm {
    fn of(reading: &Reading, share: Share) -> Self {
        let counters = reading.counters;
        Self {
            name: names::label(reading.name),
            requests: share.sample.requests(),
            failures: counters.failures,
            refused: counters.rejections,
            openings: counters.openings,
            unanswered: share.sample.unanswered(),
            share: share.share,
            low: share.low,
            high: share.high,
            shown: share.to_string(),
        }
    }
}

fn arms(it: &Arms) -> String {
    let columns = ["ARM", "NAME", "REQUESTS", "UNANSWERED", "FAILED", "REFUSED", "OPENED"]
        .map(|title| Column { title, right: !matches!(title, "ARM" | "NAME") });
    let row = |title: &str, arm: &Arm| {
        let figures = [arm.failures, arm.refused, arm.openings].map(|it| it.to_string().into());
        let mut row: Vec<table::Cell> = vec![
            title.into(),
            arm.name.clone().into(),
            arm.requests.to_string().into(),
            arm.shown.clone().into(),
        ];
        row.extend(figures);
        row
    };
    let mut text = table::render(&columns, &[row("A", &it.a), row("B", &it.b)]);
    for said in [Some(&it.said), it.split.as_ref()].into_iter().flatten() {
        text += said;
        text.push('\n');
    }
    text
}
