//! How a breaker heeds what others say of its service.

use core::time::Duration;

use crate::{
    breaker::{
        CircuitBreaker,
        advice::{Advice, Advised},
        score::Evidence,
        settings::BreakerSettings,
        word::Word,
    },
    config::unit::millis,
    observe::{Observer, trace::Cause},
    state::State,
    time::Clock,
};

impl<C: Clock, O: Observer> CircuitBreaker<C, O> {
    /// Tells the breaker what others say of its service, or that they say nothing any
    /// more. It takes the place of what was said before.
    ///
    /// While a breaker is [primed](Advice::primed), its next failure opens it. Successes
    /// change nothing about that. A healthy call pays nothing; with advice, calls read
    /// one more word when they fail. A breaker that somebody forced open, or disabled,
    /// does not heed advice, and [`close`](Self::close) and [`reset`](Self::reset) drop
    /// it.
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{Advice, BreakerConfig, CircuitBreaker, State};
    ///
    /// let shop = CircuitBreaker::new(BreakerConfig::new().failure_threshold(5).build());
    /// shop.advise(Some(Advice {
    ///     primed: true,
    ///     probed_elsewhere: false,
    ///     instances: 12,
    ///     failures: 24,
    ///     lasts: Duration::from_secs(3),
    /// }));
    /// let _ = shop.call(|| Err::<(), _>("down"));
    /// assert_eq!(shop.state(), State::Open);
    /// ```
    #[cold]
    pub fn advise(&self, advice: Option<Advice>) {
        let advised = match advice {
            Some(advice) => Advised::new(advice, self.clock.now()),
            None => Advised::NONE,
        };
        // Before attention is asked for, so that whoever sees that sees this.
        self.cell.advised.step(self.cell.advised.load(), |_: Advised| (advised, ()));
        self.cell.attend();
    }

    /// Returns what others say of the service, for as long as that lasts.
    #[must_use]
    pub fn advice(&self) -> Option<Advice> {
        self.cell.advised.load::<Advised>().get(self.clock.now())
    }

    /// Ends an open breaker's wait early: it admits a probe after so long, unless it
    /// would sooner. True where the wait became shorter.
    ///
    /// Whoever learns that the service is back says so by this; the breaker's own probe
    /// decides.
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{BreakerConfig, CircuitBreaker, DefaultObserver, ManualClock};
    ///
    /// let clock = ManualClock::new();
    /// let settings = BreakerConfig::new().recovery_timeout(Duration::from_secs(60)).build();
    /// let shop = CircuitBreaker::with(None, settings, &clock, DefaultObserver);
    /// shop.trip();
    /// assert!(shop.hasten(Duration::from_secs(1)));
    /// clock.advance(Duration::from_secs(1));
    /// assert!(shop.try_acquire().is_ok());
    /// ```
    #[cold]
    pub fn hasten(&self, within: Duration) -> bool {
        let within = u64::try_from(millis::raw(within)).unwrap_or(u64::MAX);
        let settings = self.cell.settings();
        let step = self.cell.word.step(self.load(), |word: Word| {
            (word.hastened(within, settings, self.clock.now()), ())
        });
        if step.from != step.to {
            self.cell.mark.owe(Cause::Forced);
        }
        step.from != step.to
    }

    /// What evidence against the service amounts to: it is enough where others have seen
    /// enough.
    #[cold]
    #[inline(never)]
    pub(super) fn primed(&self, evidence: Evidence) -> Evidence {
        let advised = self.cell.advised.load::<Advised>();
        if advised.is_none() {
            return evidence;
        }
        let now = self.clock.now();
        if advised.primed_ms(now).is_some() {
            return Evidence::Enough { millis: None };
        }
        if advised.left_ms(now).is_none() {
            self.forget_advice(advised);
        }
        evidence
    }

    /// The milliseconds for which an open breaker leaves its due probe to somebody else.
    #[cold]
    #[inline(never)]
    pub(super) fn probed_elsewhere_ms(&self, word: Word, settings: BreakerSettings) -> Option<u64> {
        let advised = self.cell.advised.load::<Advised>();
        if advised.is_none() || word.state() != State::Open {
            return None;
        }
        let now = self.clock.now();
        let Some(left) = advised.elsewhere_ms(now) else {
            if advised.left_ms(now).is_none() {
                self.forget_advice(advised);
            }
            return None;
        };
        // Until its own wait is over, that is what a rejection tells.
        (word.own_left_ms(settings, now, || self.salt()) == Some(0)).then_some(left)
    }

    /// Advice has ended. Newer advice stays.
    fn forget_advice(&self, ended: Advised) {
        self.cell.advised.replace(ended, Advised::NONE);
        self.cell.attend();
    }
}
