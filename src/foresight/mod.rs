//! Foresight: how what is seen of a service adds up to an alarm before calls fail. Rules
//! alone, without atomics; a breaker applies them.
//!
//! There is one currency. Each sign gives points, [`ALARM`] of them are an alarm, and it
//! lasts until fewer than [`ENDS`] are left.

pub(crate) mod flow;
pub(crate) mod omen;

/// So many points are an alarm: five calls in a row that outlast what 99 in 100 do not.
pub(crate) const ALARM: u64 = 120;
/// An alarm that has begun lasts until there are fewer: it does not flap.
pub(crate) const ENDS: u64 = ALARM / 2;
/// No sign gives more. So many together open a breaker that may open for them.
pub(crate) const MOST: u64 = 2 * ALARM;
/// For a call that outlasts what is usual, be it over or not. Each other call takes 1 off:
/// where one in 100 is slow by definition, the sum falls by 0.75 a call.
pub(crate) const SLOW: u64 = 24;
/// For a call that was too many for the service, by its own word.
pub(crate) const OVERLOAD: u64 = 40;
/// Others have seen enough.
pub(crate) const OTHERS: u64 = ALARM;
/// For each level of the host's pressure. It is no alarm by itself.
pub(crate) const PRESSURE: [u64; 4] = [0, 15, 30, 60];

/// The calls in flight whose beginnings are known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct InFlight {
    /// How many there are.
    pub(crate) calls: u64,
    /// How many of them have outlasted what is usual.
    pub(crate) overdue: u64,
    /// For how long the oldest one has, in milliseconds.
    pub(crate) longest_ms: u64,
}

impl InFlight {
    /// With another call, of this age.
    pub(crate) fn with(self, age_ms: u64, usual_ms: u64) -> Self {
        Self {
            calls: self.calls + 1,
            overdue: self.overdue + u64::from(age_ms > usual_ms),
            longest_ms: self.longest_ms.max(age_ms.saturating_sub(usual_ms)),
        }
    }
}
