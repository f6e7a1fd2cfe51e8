//! The limit above which a call is slow, where a part of it is learned.

/// No learned limit is shorter, in milliseconds: the longest step of the host's coarse
/// clock.
const SHORTEST: u64 = 10;
/// None is longer: as no configured one is.
const LONGEST: u64 = 16_744_448;
/// Where there is a limit of one's own, a learned one stays within so many times of it.
const BOUND: u64 = 4;

/// The limit in force, in milliseconds: so many percent above of a baseline, where both
/// are there. It then takes the place of the limit of one's own, though within a factor
/// of four of that.
pub(crate) const fn in_force(own: Option<u64>, percent: u64, baseline: Option<u64>) -> Option<u64> {
    let Some(baseline) = baseline else { return own };
    if percent == 0 {
        return own;
    }
    let learned = between(baseline.saturating_mul(percent) / 100, SHORTEST, LONGEST);
    Some(match own {
        None => learned,
        Some(own) => between(learned, own.div_ceil(BOUND), own.saturating_mul(BOUND)),
    })
}

const fn between(value: u64, least: u64, most: u64) -> u64 {
    if value < least {
        least
    } else if value > most {
        most
    } else {
        value
    }
}
