//! How soon what is shed follows a step of the load.

use super::{CAPACITY, START, contenders::throttles, phase, storm};
use crate::{
    contender::Contender,
    plot::{Line, Plot},
    table::{Table, ratio},
    time::Time,
};

/// The rates of a step, in calls that the service can answer in a second.
pub(super) const RATES: [u32; 2] = [100, 1_000];

/// The seeds of a step, times the rate: so that chance says as much at any rate.
const CALLS: u64 = 20_000;

/// The length of a bin.
const BIN: Time = Time::millis(100);

const STEP: [(Time, f64); 3] =
    [(Time::secs(10), 0.8), (Time::secs(20), 1.5), (Time::secs(20), 0.8)];

/// The bins of the few calls at first.
const STARTED: usize = 100;

/// What is within this of its last mean has settled.
const SETTLED: f64 = 0.05;

/// The share that is refused in each bin of a load of 0.8, 1.5 and 0.8, the mean of all
/// seeds.
#[must_use]
#[allow(clippy::cast_precision_loss)] // a few seeds
pub fn step(contender: &Contender, rate: u32) -> Vec<f64> {
    let mut sums = Vec::new();
    let seeds = CALLS / u64::from(rate);
    for seed in 1..=seeds {
        let phase = |(lasts, load)| phase(lasts, load * f64::from(rate) / CAPACITY, 0);
        let phases = [START].into_iter().chain(STEP).map(phase).collect::<String>();
        let mut storm = storm("", 10, &phases, seed);
        // As many servers as answer this rate.
        storm.service.servers = Some(rate as usize / 50);
        let tally = contender.meets_in_bins(&storm, BIN);
        sums.resize(tally.bins.len(), 0.0);
        for (sum, bin) in sums.iter_mut().zip(&tally.bins) {
            *sum += ratio(bin.refused, bin.requests) / seeds as f64;
        }
    }
    sums
}

/// How long after the load has risen the share that is refused has settled, and how long
/// after it has fallen; none where it never does.
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)] // a few bins
pub fn settled(shares: &[f64]) -> [Option<Time>; 2] {
    let bins = |time: Time| (time.as_micros() / BIN.as_micros()) as usize;
    let up = START.0 + STEP[0].0;
    let (up, down) = (bins(up), bins(up + STEP[1].0));
    let after = |part: &[f64], end: f64| {
        let last = part.iter().rposition(|it| (it - end).abs() > SETTLED);
        let bins = last.map_or(0, |at| at + 1);
        let time = Time::micros(BIN.as_micros() * bins as u64);
        (bins < part.len()).then_some(time)
    };
    let high = &shares[up..down];
    let late = &high[high.len() / 2..];
    let end = late.iter().sum::<f64>() / late.len() as f64;
    [after(high, end), after(&shares[down..], 0.0)]
}

/// The steps of all that refuse a share of the calls, at each rate.
#[derive(Debug, Clone, PartialEq)]
pub struct Steps(Vec<(String, [Vec<f64>; 2])>);

/// Runs them.
#[must_use]
pub fn steps() -> Steps {
    let all = throttles().into_iter();
    Steps(all.map(|it| (it.name().into(), RATES.map(|rate| step(&it, rate)))).collect())
}

impl Steps {
    /// How soon the share that is refused follows a step of the load.
    #[must_use]
    pub fn table(&self) -> Table {
        let heads = RATES.map(|rate| format!("{rate} a second: up, down"));
        let mut table = Table::new(["rule".to_owned()].into_iter().chain(heads));
        for (name, shares) in &self.0 {
            let cells = shares.each_ref().map(|it| show(it));
            table.row([name.clone()].into_iter().chain(cells));
        }
        table
    }

    /// The share that is refused while the load steps up and down, at the higher rate.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // bins
    pub fn plot(&self) -> Plot {
        let at = |bin: u32| f64::from(bin) * BIN.as_secs_f64();
        let line = |(name, [_, shares]): &(String, [Vec<f64>; 2])| Line {
            name: name.clone(),
            points: shares[STARTED..]
                .iter()
                .zip(0..)
                .map(|(it, bin)| (at(bin), 100.0 * it))
                .collect(),
            dots: false,
        };
        Plot {
            title: "The load steps from 0.8 to 1.5 of what the service can answer, and back".into(),
            x: "seconds".into(),
            y: "percent refused".into(),
            shaded: vec![(10.0, 30.0)],
            lines: self.0.iter().map(line).collect(),
        }
    }
}

fn show(shares: &[f64]) -> String {
    let Some(stepping) = shares.get(STARTED..) else { return "-".into() };
    if stepping.iter().all(|it| *it < SETTLED) {
        return "refuses nothing".into();
    }
    let show = |time: Option<Time>| {
        time.map_or("never".into(), |time| format!("{:.1} s", time.as_secs_f64()))
    };
    settled(shares).map(show).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing is refused but in the twenty seconds after the first twenty.
    fn shares(high: impl Fn(usize) -> f64, low: f64) -> Vec<f64> {
        let mut shares = vec![0.0; 600];
        (200..400).for_each(|at| shares[at] = high(at - 200));
        (400..405).for_each(|at| shares[at] = low);
        shares
    }

    #[test]
    fn settled_is_what_stays_near_its_end() {
        let up = |at: usize| if at < 7 { 0.1 } else { 0.3 };
        let times = [Some(Time::millis(700)), Some(Time::millis(500))];
        assert_eq!(settled(&shares(up, 0.2)), times);
        let swings = |at: usize| if at.is_multiple_of(2) { 0.1 } else { 0.3 };
        assert_eq!(settled(&shares(swings, 0.0)), [None, Some(Time::ZERO)]);
    }
}
