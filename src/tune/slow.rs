//! The limit of a slow call: it follows the latency that the breaker has learned.

use crate::{
    breaker::settings::BreakerSettings,
    tune::{
        bounds::Bounds, finding::Unchanged, knob::Knob, reason::Reason, seen::Seen,
        settings::TunerSettings,
    },
};

/// A call is slow that takes so many times as long as nearly all.
const TIMES: u64 = 3;

pub(super) fn wanted(
    seen: &Seen,
    now: BreakerSettings,
    tuner: TunerSettings,
    bounds: Bounds,
) -> Result<(u64, Reason), Unchanged> {
    let current = Knob::SlowCall.of(now);
    if current == 0 {
        return Err(Unchanged::NotUsed);
    }
    if now.get("slow_above").is_some_and(|percent| percent > 0) {
        return Err(Unchanged::ByItself);
    }
    let Some(usual) = seen.hints.baseline else { return Err(Unchanged::NotLearned) };
    let usual_ms = u64::try_from(usual.as_millis()).unwrap_or(u64::MAX).max(1);
    // Up at once, as what is usual is not slow; down by a quarter at most.
    let wanted = usual_ms.saturating_mul(TIMES).max(current - current / 4);
    let wanted = bounds.clamp(Knob::SlowCall, wanted.max(SHORTEST));
    if wanted.abs_diff(current) * 100 < current * u64::from(tuner.least_change()) {
        return Err(if wanted == current {
            Unchanged::AtBound
        } else {
            Unchanged::Little { wanted }
        });
    }
    Ok((wanted, Reason::Latency { usual }))
}

/// No limit below a step of the default clock, in milliseconds.
const SHORTEST: u64 = 10;
