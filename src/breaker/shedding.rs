//! How a breaker learns how much load its service answers.

use crate::{
    breaker::{CircuitBreaker, settings::BreakerSettings, word::Word},
    machine::Step,
    observe::Observer,
    overload::{
        gate::Gate,
        shed::{Ended, Shed},
    },
    time::Clock,
};

impl<C: Clock, O: Observer> CircuitBreaker<C, O> {
    /// Calls of a closed breaker have ended: so many were answered, be it with an error
    /// that is not from load, and so many were too many for the service.
    pub(super) fn heed_load(
        &self,
        seen: Word,
        permit: Word,
        (answered, overloaded): (u64, u64),
        settings: BreakerSettings,
    ) {
        if overloaded == 0 && self.cell.gate.load::<Gate>().is_open()
            || !seen.is_closed()
            || !seen.same_generation(permit)
        {
            return;
        }
        let shed = self.cell.shed.load::<Shed>();
        if settings.max_shed() != 0 && (overloaded != 0 || !shed.is_none()) {
            self.learn_load(Ended::new(answered, overloaded), shed, settings);
        } else if self.cell.gate.load::<Gate>().is_left_over() {
            self.make_gate(self.clock.now());
        }
    }

    #[cold]
    #[inline(never)]
    fn learn_load(&self, ended: Ended, seen: Shed, settings: BreakerSettings) {
        self.cell.ended.add::<Ended>(ended.0);
        let now = self.clock.now();
        if !seen.is_due(now) {
            return;
        }
        // Whoever takes a call out of the sum adds it to the mean: none is lost, and none
        // counts twice.
        let ended = self.cell.ended.take::<Ended>();
        let most = settings.max_shed().into();
        let Step { from, to, .. } =
            self.cell.shed.step(seen, |shed: Shed| (shed.with(ended, now, most), ()));
        if from != to || to.is_none() {
            self.make_gate(now);
        }
        if from.is_none() && !to.is_none() {
            self.cell.attend();
        }
    }
}
