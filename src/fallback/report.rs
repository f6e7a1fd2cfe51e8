//! What is told of a fallback: once, after its answer.

use core::time::Duration;

use crate::observe::{EachError, Errors, Event, FallbackUsed, Observer, Tally};

/// Whom to tell of a fallback, and under which name.
pub(crate) struct Report<'a, O> {
    pub(crate) policy: Option<&'a str>,
    pub(crate) silent: bool,
    pub(crate) observer: &'a O,
    /// That of the breaker which goes with the call.
    pub(crate) tally: Option<&'a Tally>,
}

impl<O: Observer> Report<'_, O> {
    /// Tells which layer answered, from 1, or that none did; how old its answer
    /// is; and with what the call and the layers asked before it failed.
    #[cold]
    pub(crate) fn send(&self, layer: Option<u32>, age: Option<Duration>, errors: &dyn EachError) {
        if let Some(tally) = self.tally {
            tally.fallbacks.add_one();
        }
        if !self.silent {
            let errors = Errors(errors);
            let used = FallbackUsed { policy: self.policy, layer, age, errors };
            self.observer.on_event(&Event::Fallback(used));
        }
    }
}
