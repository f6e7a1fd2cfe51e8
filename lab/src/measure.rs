//! Figures of a storm that a tally does not have as they are.

use crate::{storm::Storm, table::ratio, time::Time, world::Tally};

/// For so long a rule must be well before it counts as back.
const WELL: u64 = 5;

/// The share of requests that are answered before the trouble begins; in a storm
/// without, from its beginning to its end.
#[must_use]
pub fn usual(storm: &Storm, tally: &Tally) -> f64 {
    let until = storm.trouble().map_or(storm.lasts(), |(from, _)| from);
    let calm = tally.between(Time::ZERO, until);
    ratio(calm.answered, calm.requests)
}

/// How long after the trouble's end requests are answered as before: at least 95 % of
/// the share that is usual, in the next five seconds and in all that is left. `None` if
/// they are never, or there was no trouble.
#[must_use]
pub fn back_after(storm: &Storm, tally: &Tally) -> Option<Time> {
    let (_, end) = storm.trouble()?;
    let (usual, lasts) = (usual(storm, tally), storm.lasts());
    let is_well = |from: Time, to: Time| {
        let counts = tally.between(from, to);
        counts.requests > 0 && ratio(counts.answered, counts.requests) >= 0.95 * usual
    };
    let mut at = end;
    while at + Time::secs(WELL) <= lasts {
        if is_well(at, at + Time::secs(WELL)) && is_well(at, lasts) {
            return Some(at - end);
        }
        at += tally.bin;
    }
    None
}

/// Attempts in parts of requests, from when the trouble begins until the rule is back,
/// or the storm ends.
#[must_use]
pub fn load(storm: &Storm, tally: &Tally) -> f64 {
    let Some((from, end)) = storm.trouble() else { return load_of(tally, Time::ZERO, Time::NEVER) };
    let back = back_after(storm, tally).map_or(storm.lasts(), |after| end + after);
    load_of(tally, from, back)
}

/// The largest load of any second.
#[must_use]
pub fn peak(tally: &Tally) -> f64 {
    tally.bins.iter().map(|bin| ratio(bin.attempts, bin.requests)).fold(0.0, f64::max)
}

fn load_of(tally: &Tally, from: Time, to: Time) -> f64 {
    let counts = tally.between(from, to);
    ratio(counts.attempts, counts.requests)
}
