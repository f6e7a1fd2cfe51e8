//! The threshold and the weight that keep false alarms rare.

use crate::{
    breaker::settings::BreakerSettings,
    tune::{
        bounds::Bounds,
        finding::Unchanged,
        knob::Knob,
        outage::{Kind, MILLION},
        reason::Reason,
        seen::Seen,
        settings::TunerSettings,
    },
};

/// The threshold and the weight that are wanted, and why.
pub(super) struct Rule {
    pub(super) threshold: u64,
    pub(super) weight: u64,
    pub(super) reason: Reason,
}

/// As many times the usual share of failures must not open the breaker by mistake before
/// its rule gets stricter.
const RESERVE: f64 = 10.0;

pub(super) fn wanted(
    seen: &Seen,
    now: BreakerSettings,
    tuner: TunerSettings,
    bounds: Bounds,
) -> Result<Rule, Unchanged> {
    if now.window() != 0 {
        return Err(Unchanged::Window);
    }
    let (mut outages, mut alarms, mut sum) = (0, 0, 0_u64);
    for outage in seen.outages() {
        outages += 1;
        if let Kind::FalseAlarm { failed_ppm } = outage.kind {
            alarms += 1;
            sum += u64::from(failed_ppm);
        }
    }
    let every = tuner.false_alarm_every();
    let target = f64::from(every);
    let needed = u32::from(tuner.least_outages());
    if alarms >= needed.div_ceil(3) {
        #[allow(clippy::cast_possible_truncation)] // of numbers of 20 bits
        let failed_ppm = (sum / u64::from(alarms)) as u32;
        let reason = Reason::FalseAlarms { alarms, outages, failed_ppm };
        return looser(now, target, share(failed_ppm), bounds, reason);
    }
    if let Some(rule) = for_short_outages(seen, now, needed, bounds) {
        return Ok(rule);
    }
    let Some(failed_ppm) = seen.hints.failures_ppm else { return Err(Unchanged::NotLearned) };
    let usual = share(failed_ppm);
    if now.promise().mean_calls(usual).is_some_and(|calls| calls < target) {
        return looser(now, target, usual, bounds, Reason::Usual { failed_ppm, every });
    }
    if outages < needed {
        return Err(Unchanged::FewOutages { known: outages, needed });
    }
    if alarms > 0 {
        return Err(Unchanged::Fine);
    }
    stricter(now, target, usual, bounds, Reason::Calm { outages, failed_ppm })
}

/// Twice the threshold, where openings turn away many more calls than that, and nearly all
/// outages are over by the first probe, which cannot come sooner.
fn for_short_outages(
    seen: &Seen,
    now: BreakerSettings,
    needed: u32,
    bounds: Bounds,
) -> Option<Rule> {
    let (least_wait, _) = bounds.range(Knob::RecoveryTimeout);
    if Knob::RecoveryTimeout.of(now) > least_wait || seen.news < needed {
        return None;
    }
    let mut calls = [0; Seen::MOST];
    let (mut outages, mut first_probes) = (0, 0);
    for (outage, calls) in seen.outages().zip(&mut calls) {
        *calls = outage.turned_away;
        outages += 1;
        first_probes += u32::from(outage.failed_probes == 0);
    }
    let calls = &mut calls[..outages as usize];
    calls.sort_unstable();
    let turned_away = *calls.get(calls.len() / 2)?;
    let threshold = Knob::FailureThreshold.of(now);
    // Of what an opening turns away, at most a quarter is risked.
    let wanted = bounds.clamp(Knob::FailureThreshold, (threshold * 2).min(turned_away / 4));
    let is_worth_it = first_probes * 4 >= outages * 3 && wanted * 5 >= threshold * 6;
    let reason = Reason::Short { first_probes, outages, turned_away };
    is_worth_it.then(|| Rule { threshold: wanted, weight: Knob::FailureWeight.of(now), reason })
}

fn share(ppm: u32) -> f64 {
    f64::from(ppm) / f64::from(MILLION)
}

/// At once as loose as the promise needs.
fn looser(
    now: BreakerSettings,
    target: f64,
    share: f64,
    bounds: Bounds,
    reason: Reason,
) -> Result<Rule, Unchanged> {
    let (_, most) = bounds.range(Knob::FailureThreshold);
    let (threshold, weight) = (Knob::FailureThreshold.of(now), Knob::FailureWeight.of(now));
    let weight = if weight == 0 { 0 } else { weight.min(drifting(share)) };
    let weight = bounds.clamp(Knob::FailureWeight, weight);
    let wanted = least_threshold(now, weight, target, share, most).unwrap_or(most);
    let wanted = wanted.max(if weight == Knob::FailureWeight.of(now) { threshold } else { 0 });
    let wanted = bounds.clamp(Knob::FailureThreshold, wanted);
    if (wanted, weight) == (threshold, Knob::FailureWeight.of(now)) {
        return Err(if threshold >= most { Unchanged::AtBound } else { Unchanged::Fine });
    }
    Ok(Rule { threshold: wanted, weight, reason })
}

/// A fifth lower at most, and no lower than the promise allows with a reserve.
fn stricter(
    now: BreakerSettings,
    target: f64,
    usual: f64,
    bounds: Bounds,
    reason: Reason,
) -> Result<Rule, Unchanged> {
    let (threshold, weight) = (Knob::FailureThreshold.of(now), Knob::FailureWeight.of(now));
    let (least, _) = bounds.range(Knob::FailureThreshold);
    if threshold <= least {
        return Err(Unchanged::AtBound);
    }
    let share = (usual * RESERVE).max(0.01);
    if share > 0.5 {
        return Err(Unchanged::Fine);
    }
    let Some(needed) = least_threshold(now, weight, target, share, threshold) else {
        return Err(Unchanged::Fine);
    };
    let wanted = needed.max(threshold - threshold.div_ceil(5)).max(least);
    if wanted >= threshold {
        return Err(Unchanged::Fine);
    }
    Ok(Rule { threshold: wanted, weight, reason })
}

/// The weight at which a share of failures leaves the score where it is, halved: at that
/// share it falls.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` saturates
fn drifting(share: f64) -> u64 {
    ((0.5 / share.max(1e-6)) as u64).clamp(1, 127)
}

/// The least threshold up to `most` that opens once in `target` calls at most.
fn least_threshold(
    now: BreakerSettings,
    weight: u64,
    target: f64,
    share: f64,
    most: u64,
) -> Option<u64> {
    let keeps = |threshold: u64| {
        let config = Knob::FailureThreshold.with(now.config(), threshold);
        let settings = Knob::FailureWeight.with(config, weight).try_build().ok();
        settings.and_then(|it| it.promise().mean_calls(share)).is_some_and(|it| it >= target)
    };
    if !keeps(most) {
        return None;
    }
    let (mut below, mut kept) = (0, most);
    while kept - below > 1 {
        let middle = below.midpoint(kept);
        if keeps(middle) { kept = middle } else { below = middle }
    }
    Some(kept)
}
