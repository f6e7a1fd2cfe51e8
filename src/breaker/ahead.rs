//! What is foreseen of a service, in the memory of its breaker.

use crate::{
    foresight::{flow::Flow, omen::Omen},
    machine::{Machine, Word},
    sync::{Ordering, UnmodelledU64},
    time::Tick,
};

/// Two words: what calls foretell, which is stepped as any machine is; and how often they
/// end, a statistic. Zeros are "nothing".
#[derive(Debug)]
pub(crate) struct Ahead {
    pub(crate) omen: Machine,
    flow: UnmodelledU64,
}

impl Ahead {
    crate::sync::const_fn! {
        pub(crate) fn new() -> Self {
            Self { omen: Machine::new(0), flow: UnmodelledU64::new(0) }
        }
    }

    /// Whether an alarm has begun, over or not by now.
    #[inline]
    pub(crate) fn has_alarm(&self) -> bool {
        self.omen.load::<Omen>().has_alarm()
    }

    pub(crate) fn flow(&self) -> Flow {
        // It orders nothing: relaxed, here and below.
        Flow::from_bits(self.flow.load(Ordering::Relaxed))
    }

    /// A call has ended.
    pub(crate) fn ended(&self, now: Tick) {
        let seen = self.flow();
        let to = seen.ended(now);
        // At most once in a tick. Of two at a time one is enough.
        if to != seen {
            let (from, to) = (seen.bits(), to.bits());
            let _ = self.flow.compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// Changes the statistic by hand.
    pub(crate) fn change(&self, rule: impl Fn(Flow) -> Flow) {
        let _ = self.flow.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |bits| {
            Some(rule(Flow::from_bits(bits)).bits())
        });
    }
}
