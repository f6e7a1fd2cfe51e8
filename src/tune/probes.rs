//! How many probes must succeed: more where the breaker closes too early.

use crate::{
    breaker::settings::BreakerSettings,
    tune::{
        bounds::Bounds, finding::Unchanged, knob::Knob, outage::Kind, reason::Reason, seen::Seen,
        settings::TunerSettings,
    },
};

pub(super) fn wanted(
    seen: &Seen,
    now: BreakerSettings,
    tuner: TunerSettings,
    bounds: Bounds,
) -> Result<(u64, Reason), Unchanged> {
    let (mut outages, mut relapses) = (0, 0);
    for outage in seen.outages() {
        outages += 1;
        relapses += u32::from(outage.kind == Kind::Relapse);
    }
    let needed = u32::from(tuner.least_outages());
    if outages < needed {
        return Err(Unchanged::FewOutages { known: outages, needed });
    }
    let (current, configured) =
        (Knob::SuccessesToClose.of(now), Knob::SuccessesToClose.of(bounds.configured));
    let (wanted, reason) = if relapses >= 2 && relapses * 2 >= outages {
        (current * 2, Reason::Relapses { relapses, outages })
    } else if relapses == 0 && current > configured && outages as usize == Seen::MOST {
        (current - 1, Reason::NoRelapse { outages })
    } else {
        return Err(Unchanged::Fine);
    };
    match bounds.clamp(Knob::SuccessesToClose, wanted) {
        wanted if wanted == current => Err(Unchanged::AtBound),
        wanted => Ok((wanted, reason)),
    }
}
