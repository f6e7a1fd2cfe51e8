//! The two words of a breaker's slot in which its learned values are.

use crate::{
    learn::{latency::Latency, past::Past},
    machine::{Machine, Step},
    sync::const_fn,
};

/// What is learned of a service: two words of a slot. All zeros is nothing.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Words {
    latency: Machine,
    past: Machine,
}

impl Words {
    const_fn! {
        /// Nothing is known; calls look here, or do not.
        pub(crate) fn new(looked_at: bool) -> Self {
            let latency = Latency::new(looked_at);
            Self { latency: Machine::new(latency.0), past: Machine::new(0) }
        }
    }

    /// Whether calls look here.
    #[inline]
    pub(crate) fn are_looked_at(&self) -> bool {
        self.latency().is_looked_at()
    }

    /// Any bit of the first word: without one, nobody looks there.
    #[inline]
    pub(crate) fn latency_bits(&self) -> u64 {
        self.latency().0
    }

    #[inline]
    pub(crate) fn latency(&self) -> Latency {
        self.latency.load()
    }

    #[inline]
    pub(crate) fn past(&self) -> Past {
        self.past.load()
    }

    /// Steps what is learned of the time that calls take.
    pub(crate) fn step_latency(&self, rule: impl Fn(Latency) -> Latency) -> Step<Latency, ()> {
        self.latency.step(self.latency(), |word| (rule(word), ()))
    }

    /// Steps what is learned of outages and failures.
    pub(crate) fn step_past(&self, rule: impl Fn(Past) -> Past) -> Step<Past, ()> {
        self.past.step(self.past(), |word| (rule(word), ()))
    }
}
