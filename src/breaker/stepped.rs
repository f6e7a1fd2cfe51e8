//! A clock that steps, as a drill has it.

use crate::{
    breaker::{CircuitBreaker, word::Word},
    observe::{Observer, trace::Cause},
    overload::{ramp::Ramp, shed::Shed},
    time::{Clock, Tick},
};

impl<C: Clock, O: Observer> CircuitBreaker<C, O> {
    /// Does to the breaker what a step of its clock by so many milliseconds would, forwards
    /// or, where it is negative, back: all that it remembers moves the other way. A drill
    /// does this to see that waits still end. The end of a drill under way stays.
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{BreakerConfig, CircuitBreaker};
    ///
    /// let settings = BreakerConfig::new().recovery_timeout(Duration::from_secs(60)).build();
    /// let shop = CircuitBreaker::new(settings);
    /// shop.trip();
    /// shop.step_clock(30_000);
    /// assert!(shop.reading().time_left.unwrap() <= Duration::from_secs(30));
    /// ```
    #[cold]
    pub fn step_clock(&self, millis: i64) {
        let cell = &self.cell;
        cell.word.step(self.load(), |it: Word| (it.stepped(millis), ()));
        if let Some(at) = cell.opened.get() {
            let at = at.as_millis().wrapping_sub(millis.cast_unsigned());
            cell.opened.restamp(Tick::from_millis(at));
        }
        cell.ramp.step(cell.ramp.load(), |it: Ramp| (it.stepped(millis), ()));
        cell.shed.step(cell.shed.load(), |it: Shed| (it.stepped(millis), ()));
        if !cell.admits_all() {
            self.make_gate(self.clock.now());
        }
        cell.mark.owe(Cause::Forced);
    }
}
