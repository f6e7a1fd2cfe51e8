//! What the throttles have in common: a formula.

/// How probable a rejection is where so many calls were made, of which so many are
/// covered by those that succeeded.
pub(super) fn rejection(calls: u32, covered: f64) -> f64 {
    (f64::from(calls) - covered).max(0.0) / (f64::from(calls) + 1.0)
}
