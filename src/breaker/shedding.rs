//! How a breaker learns how much load its service answers.

use crate::{
    breaker::{CircuitBreaker, advice::Advised, settings::BreakerSettings, word::Word},
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
    #[inline(never)]
    pub(super) fn heed_load(
        &self,
        seen: Word,
        permit: Word,
        (answered, overloaded): (u64, u64),
        settings: BreakerSettings,
    ) {
        if overloaded == 0 && self.cell.gate.load::<Gate>().is_clear()
            || !seen.is_closed()
            || !seen.same_generation(permit)
        {
            return;
        }
        let shed = self.cell.shed.load::<Shed>();
        if settings.max_shed() != 0 && (overloaded != 0 || !shed.is_none()) {
            self.learn_load(Ended::new(answered, overloaded), shed, settings);
        } else if self.outlasts_its_reason(self.cell.gate.load()) {
            self.make_gate(self.clock.now());
        }
    }

    /// Whether a gate is made as load is shed, or for nothing, and nothing else keeps it.
    fn outlasts_its_reason(&self, gate: Gate) -> bool {
        let watched_alone = gate.is_watched() && gate.is_open();
        let kept = watched_alone && self.cell.needs_watch()
            || self.foresees_trouble() && !gate.is_old(self.clock.now());
        !(gate.is_clear() || gate.is_for_ramp() || kept)
    }

    /// Whether an overload of a closed breaker does not weigh, as more of the load can be
    /// shed still. In a ramp it weighs, and where others say that the service is down.
    #[cold]
    #[inline(never)]
    pub(super) fn spares(&self, seen: Word, permit: Word, settings: BreakerSettings) -> bool {
        let most = settings.max_shed().into();
        if most == 0 || !seen.is_closed() || !seen.same_generation(permit) {
            return false;
        }
        let now = self.clock.now();
        let primed = self.cell.advised.load::<Advised>().primed_ms(now).is_some();
        let ramps = self.ramped(seen).is_some();
        !primed && !ramps && !self.cell.shed.load::<Shed>().is_at_most(now, most)
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
    }
}
