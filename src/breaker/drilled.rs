//! A drill of a breaker: how it is begun, ended and read.

use crate::{
    breaker::CircuitBreaker,
    drill::{config::Drill, reading::DrillReading},
    time::Clock,
};

impl<C: Clock, O> CircuitBreaker<C, O> {
    /// Begins a drill: from now on a share of the breaker's calls gets faults, until the
    /// drill's time is over. It takes the place of one that is under way, and numbers calls
    /// from 0.
    ///
    /// The calls of programs that are built with the feature `drill` are drilled, those of
    /// others are not. `call` and `call_async`, layers of pipelines and of tower's services
    /// meet every fault. Where a call is made by hand
    /// ([`try_acquire`](Self::try_acquire)), and in a failover set, a drill can only fail it;
    /// a batch ([`acquire_many`](Self::acquire_many)) meets none. Probes are drilled, too.
    ///
    /// It needs nobody to end it: the breaker holds the moment itself, and the first call
    /// after that clears it. Some relaxed and `AcqRel` steps of the slot's words.
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{BreakerConfig, CircuitBreaker, Drill};
    ///
    /// let shop = CircuitBreaker::named("shop", BreakerConfig::new().build());
    /// shop.start_drill(Drill::lasting(Duration::from_secs(60)).fail(5.0).seed(7).build());
    /// assert_eq!(shop.drill().unwrap().drill.fail(), 5.0);
    /// ```
    pub fn start_drill(&self, drill: Drill) {
        self.cell.drilled.start(drill, self.clock.now());
        self.cell.watch();
    }

    /// Ends the drill as of now, and returns whether one was under way. The next call clears
    /// it, as at any drill's end. One that is over, and under which no call came, is cleared
    /// here: the program may be built without the feature `drill`.
    pub fn stop_drill(&self) -> bool {
        let now = self.clock.now();
        let stopped = self.cell.drilled.end_at(now);
        if self.cell.drilled.clear_unused(now) {
            self.cell.watch();
        }
        stopped
    }

    /// Returns the drill under way, if there is one.
    #[must_use]
    pub fn drill(&self) -> Option<DrillReading> {
        self.cell.drilled.reading(self.clock.now())
    }
}
