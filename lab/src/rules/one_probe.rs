//! The state of a breaker that sends one probe at a time, as most of the field do.

use crate::time::Time;

/// Where a breaker stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum OneProbe {
    /// Calls pass.
    #[default]
    Closed,
    /// Calls are refused until then; the first one after it is the probe.
    Open(Time),
    /// The probe is under way, and everything else is refused.
    Probing,
}

impl OneProbe {
    /// Whether a call may be made. Each change of the state is one write.
    pub(super) fn admit(&mut self, now: Time, writes: &mut u64) -> bool {
        match *self {
            Self::Closed => true,
            Self::Open(until) if now >= until => {
                self.set(Self::Probing, writes);
                true
            }
            Self::Open(_) | Self::Probing => false,
        }
    }

    /// Goes there.
    pub(super) fn set(&mut self, state: Self, writes: &mut u64) {
        *self = state;
        *writes += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_call_probes_when_the_time_has_come() {
        let (mut state, mut writes) = (OneProbe::Open(Time::secs(5)), 0);
        assert!(!state.admit(Time::millis(4_999), &mut writes));
        assert_eq!(writes, 0);
        assert!(state.admit(Time::secs(5), &mut writes));
        assert!(!state.admit(Time::secs(6), &mut writes));
        assert_eq!((state, writes), (OneProbe::Probing, 1));
    }
}
