//! What an operator does to a breaker.

use core::time::Duration;

#[cfg(not(fusebox_compact))]
use crate::breaker::advice::Advised;
use crate::{
    breaker::{
        CircuitBreaker, length,
        word::{Forced, Word},
    },
    config::{ConfigError, Unit, unit::millis},
    machine::Step,
    observe::{Observer, trace::Cause},
    time::Clock,
};

impl<C: Clock, O: Observer> CircuitBreaker<C, O> {
    /// Opens the breaker until it is closed, reset or disabled by hand.
    pub fn force_open(&self) {
        self.force(Forced::Open);
    }

    /// Opens the breaker at once, as its last failure would: it waits for its
    /// recovery timeout, then probes, and so recovers by itself. A half-open
    /// breaker opens as if a probe had failed. One that is open, forced open or
    /// disabled stays as it is.
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker, State};
    ///
    /// let shop = CircuitBreaker::named("shop", BreakerConfig::new().build());
    /// shop.trip(); // a health check says that the shop is down
    /// assert_eq!(shop.state(), State::Open);
    /// assert!(shop.try_acquire().unwrap_err().retry_after().is_some());
    /// ```
    pub fn trip(&self) {
        self.trip_millis(None);
    }

    /// Opens the breaker for this time, after which it probes. It is for a
    /// service that says how long it will be down, as HTTP's `Retry-After` does.
    ///
    /// Whole milliseconds count, a part of one as a whole. The recovery jitter of
    /// the settings is added, as to any wait. If a probe fails, the next wait is
    /// one of the settings.
    ///
    /// An open breaker whose wait has longer to go stays as it is, so several
    /// threads may say the same. One that is forced open or disabled stays so,
    /// too.
    ///
    /// # Errors
    /// [`ConfigError`] for a time of zero, or of more than 24 days. Nothing is
    /// changed then.
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{BreakerConfig, CircuitBreaker, DefaultObserver, ManualClock};
    ///
    /// let clock = ManualClock::new();
    /// let settings = BreakerConfig::new().build();
    /// let shop = CircuitBreaker::with(None, settings, &clock, DefaultObserver);
    ///
    /// shop.trip_for(Duration::from_secs(7))?; // a 429 with `Retry-After: 7`
    /// let rejected = shop.try_acquire().unwrap_err();
    /// assert_eq!(rejected.retry_after(), Some(Duration::from_secs(7)));
    /// clock.advance(Duration::from_secs(7));
    /// assert!(shop.try_acquire().is_ok());
    ///
    /// let error = shop.trip_for(Duration::ZERO).unwrap_err();
    /// assert_eq!(error.to_string(), "`trip_for` is 0 ms, and must be from 1 to 2073600000 ms");
    /// # Ok::<(), fusebox::ConfigError>(())
    /// ```
    pub fn trip_for(&self, time: Duration) -> Result<(), ConfigError> {
        let millis = millis::raw(time);
        if let Ok(millis @ 1..=length::LONGEST_MS) = u64::try_from(millis) {
            self.trip_millis(Some(millis));
            Ok(())
        } else {
            let most = length::LONGEST_MS.into();
            Err(ConfigError::out_of_range("trip_for", Unit::Milliseconds, millis, 1, most))
        }
    }

    #[cold]
    fn trip_millis(&self, millis: Option<u64>) {
        let settings = self.cell.settings();
        // The clock is read after the word, as for an admission.
        let Step { from, to, .. } = self
            .cell
            .word
            .step(self.load(), |word: Word| (word.trip(millis, settings, self.clock.now()), ()));
        if to != from {
            self.cell.mark.owe(Cause::Forced);
        }
        // A wait that became longer is no change of state.
        if !to.same_generation(from) {
            self.tell(from, to, true);
        }
    }

    /// Closes the breaker, with no failures counted.
    pub fn close(&self) {
        self.force(Forced::Closed);
    }

    /// Disables the breaker: it admits every call and counts nothing, until it
    /// is closed, reset or forced open by hand.
    pub fn disable(&self) {
        self.force(Forced::Disabled);
    }

    /// Makes the breaker as new: closed, no failures, no time and no text of a last
    /// one.
    /// The generation moves on, so that calls in flight cannot change it, and
    /// the counters and settings stay.
    pub fn reset(&self) {
        self.force(Forced::Reset);
    }

    #[cold]
    fn force(&self, to: Forced) {
        if to == Forced::Reset {
            self.cell.noted.clear();
        }
        // Whoever decides by hand has heard what others say.
        #[cfg(not(fusebox_compact))]
        self.cell.advised.step(self.cell.advised.load(), |_: Advised| (Advised::NONE, ()));
        let settings = self.cell.settings();
        let Step { from, to, .. } =
            self.cell.word.step(self.load(), |word: Word| (word.force(to, settings), ()));
        self.cell.mark.owe(Cause::Forced);
        #[cfg(not(fusebox_compact))]
        self.forget_load(to);
        self.tell(from, to, true);
    }

    /// Stamps the breaker with the time now, as if what it waits for had begun
    /// this moment. Memory that outlived its clock needs this, as a file does
    /// that outlives a reboot. An open breaker then waits one recovery timeout
    /// from now. The state and the generation stay.
    #[cold]
    pub fn restamp(&self) {
        let now = self.clock.now();
        self.cell.word.step(self.load(), |word: Word| (word.restamp(now), ()));
        self.cell.opened.restamp(now);
        #[cfg(not(fusebox_compact))]
        {
            self.restamp_load(now);
            self.cell.shadow.restamp(now);
        }
        self.cell.mark.owe(Cause::Forced);
    }
}
