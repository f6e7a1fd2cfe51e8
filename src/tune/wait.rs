//! The wait of an open breaker that had cost least.
//!
//! An outage of length L costs a call for each probe that fails, and after it as many calls
//! as come until the next probe. With a rate r of calls and a fixed wait T that is
//! `L / T + r * T / 2`, and the best wait is `sqrt(2 * L / r)`: Harris's rule for lots
//! ("How many parts to make at once", 1913). Here the sum is taken over the outages that
//! are known, each anywhere between its last failed probe and the one that succeeded.

use core::time::Duration;

use crate::{
    breaker::settings::BreakerSettings,
    tune::{
        bounds::Bounds,
        finding::Unchanged,
        knob::Knob,
        outage::{Kind, Outage},
        reason::Reason,
        seen::Seen,
        settings::TunerSettings,
    },
};

/// The wait and its growths that are wanted, and why.
pub(super) struct Wait {
    pub(super) timeout: Result<u64, Unchanged>,
    pub(super) doublings: Result<u64, Unchanged>,
    pub(super) reason: Reason,
}

/// So many calls must have been turned away.
const LEAST_CALLS: u64 = 10;

/// A change saves at least this part of what the wait in force had cost.
const SAVES: f64 = 0.05;

pub(super) fn wanted(
    seen: &Seen,
    now: BreakerSettings,
    tuner: TunerSettings,
    bounds: Bounds,
) -> Result<Wait, Unchanged> {
    let needed = u32::from(tuner.least_outages());
    let (outages, is_learned) = seen.known(needed);
    let known = known(&outages);
    let for_less = needed.div_ceil(3);
    if known.outages < for_less && !is_learned {
        return Err(Unchanged::FewOutages { known: known.outages, needed: for_less });
    }
    let may_grow = is_learned || known.outages >= needed;
    if known.turned_away < LEAST_CALLS {
        return Err(Unchanged::FewCalls);
    }
    let current = (Knob::RecoveryTimeout.of(now), Knob::Doublings.of(now));
    let cost = |wait| cost(&outages, known.rate, Schedule::of(now, wait));
    let is = cost(current);
    let longest = Schedule::of(now, current).longest();
    let longest = if may_grow { bounds.longest_wait() } else { longest };
    let growths = bounds.range(Knob::Doublings);
    let allowed = |wait| Schedule::of(now, wait).longest() <= longest;

    // Quick to let calls through, slow to keep them back.
    let (least, most) = bounds.range(Knob::RecoveryTimeout);
    let longer = if may_grow { current.0 / 2 } else { 0 };
    let most = most.min(current.0.saturating_add(longer)).max(least);
    let mut best = (is, current);
    let mut timeout = least;
    loop {
        for doublings in growths.0..=growths.1 {
            let wait = (timeout, doublings);
            if allowed(wait) && cost(wait) < best.0 {
                best = (cost(wait), wait);
            }
        }
        if timeout >= most {
            break;
        }
        timeout = rounded(timeout + timeout / 5 + 1).min(most);
    }
    let reason = known.reason(seen, is_learned);
    let (_, (mut timeout, mut doublings)) = best;
    if best.0 > is * (1.0 - SAVES) {
        return Err(if best.1 == current {
            Unchanged::Best
        } else {
            Unchanged::Little { wanted: timeout }
        });
    }
    let change = timeout.abs_diff(current.0);
    let little = change * 100 < current.0 * u64::from(tuner.least_change());
    if little {
        let wanted = timeout;
        // The wait stays, and only its growth may change.
        timeout = current.0;
        let rest = (growths.0..=growths.1).map(|it| (timeout, it)).filter(|it| allowed(*it));
        let best = rest.min_by(|one, other| cost(*one).total_cmp(&cost(*other)));
        doublings = best.filter(|it| cost(*it) <= is * (1.0 - SAVES)).map_or(current.1, |it| it.1);
        if doublings == current.1 {
            let why = if change == 0 { Unchanged::Best } else { Unchanged::Little { wanted } };
            return Err(why);
        }
    }
    let unless = |value, old, why| if value == old { Err(why) } else { Ok(value) };
    Ok(Wait {
        timeout: unless(timeout, current.0, Unchanged::Best),
        doublings: unless(doublings, current.1, Unchanged::Best),
        reason,
    })
}

/// To two digits, as people write times; never less.
const fn rounded(millis: u64) -> u64 {
    let mut unit = 1;
    while millis / unit >= 100 {
        unit *= 10;
    }
    millis.div_ceil(unit) * unit
}

/// What is known of the outages.
struct Known {
    outages: u32,
    first_probes: u32,
    typical: Duration,
    turned_away: u64,
    /// Calls in a millisecond.
    rate: f64,
}

#[allow(clippy::cast_precision_loss)] // counts of calls
fn known(all: &[Option<Outage>]) -> Known {
    let mut lengths = [Duration::ZERO; Seen::MOST];
    let (mut outages, mut first_probes, mut turned_away, mut open) = (0, 0, 0_u64, 0_u64);
    for (outage, length) in all.iter().flatten().zip(&mut lengths) {
        *length = outage.length();
        outages += 1;
        first_probes += u32::from(outage.failed_probes == 0);
        turned_away = turned_away.saturating_add(outage.turned_away);
        open = open.saturating_add(millis(outage.up_at));
    }
    let lengths = &mut lengths[..outages as usize];
    lengths.sort_unstable();
    let typical = lengths.get(lengths.len() / 2).copied().unwrap_or_default();
    let rate = turned_away as f64 / open.max(1) as f64;
    Known { outages, first_probes, typical, turned_away, rate }
}

impl Known {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` saturates
    fn reason(&self, seen: &Seen, is_learned: bool) -> Reason {
        let calls_per_1000_s = (self.rate * 1e6) as u64;
        if is_learned {
            let outage = seen.hints.outage.unwrap_or_default();
            let first_probe = seen.hints.first_probe.unwrap_or_default();
            return Reason::Learned { outage, first_probe, calls_per_1000_s };
        }
        Reason::Outages {
            outages: self.outages,
            typical: self.typical,
            first_probes: self.first_probes,
            calls_per_1000_s,
        }
    }
}

/// When probes are made.
#[derive(Clone, Copy)]
struct Schedule {
    first: u64,
    growth: u64,
    growths: u64,
}

impl Schedule {
    fn of(settings: BreakerSettings, (first, growths): (u64, u64)) -> Self {
        Self { first, growth: settings.growth().into(), growths }
    }

    const fn grown(self, wait: u64) -> u64 {
        wait.saturating_mul(self.growth) / 100
    }

    fn longest(self) -> u64 {
        (0..self.growths).fold(self.first, |wait, _| self.grown(wait))
    }

    /// How many probes fail in an outage of this length, and when the one after them is.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn meets(self, length: f64) -> (f64, f64) {
        let (mut at, mut wait, mut failed) = (self.first as f64, self.first, 0.0);
        for _ in 0..self.growths {
            if at >= length {
                return (failed, at);
            }
            failed += 1.0;
            wait = self.grown(wait);
            at += wait as f64;
        }
        if at < length {
            let more = ((length - at) / wait as f64) as u64 as f64 + 1.0;
            failed += more;
            at += more * wait as f64;
        }
        (failed, at)
    }
}

/// What these waits had cost in the outages that are known, in calls.
#[allow(clippy::cast_precision_loss)] // times
fn cost(all: &[Option<Outage>], rate: f64, schedule: Schedule) -> f64 {
    let of_length = |length: f64| {
        let (failed, up_at) = schedule.meets(length);
        failed + rate * (up_at - length)
    };
    let of_outage = |outage: &Outage| {
        if let Kind::FalseAlarm { .. } = outage.kind {
            return of_length(0.0);
        }
        let (from, to) = (millis(outage.down_until) as f64, millis(outage.up_at) as f64);
        // Anywhere in between.
        let somewhere = |part: f64| of_length(from + (to - from) * part);
        [0.125, 0.375, 0.625, 0.875].into_iter().map(somewhere).sum::<f64>() / 4.0
    };
    all.iter().flatten().map(of_outage).sum()
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
