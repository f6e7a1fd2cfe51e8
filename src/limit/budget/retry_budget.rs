//! The retry budget itself: how it is made, and how it is asked.

use core::fmt;

use crate::{
    bypass,
    limit::budget::{settings::BudgetSettings, word::Spent},
    machine::{Bits, Machine},
    observe::Counter,
    sync::const_fn,
    time::{Clock, DefaultClock},
};

/// A budget of retries, in one atomic word: a share of the calls, and a reserve besides.
///
/// A service that fails gets each call as often as its callers try. With a budget of a
/// tenth, it gets at most 1.1 times as much as they ask of it, however many attempts they
/// would make. **Layers multiply:** where three layers try three times each, one call
/// becomes 27; with a budget of a tenth at each layer, at most 1.1³, or 1.33. The
/// reserve, so many retries a second, comes on top: it is for where calls are rare.
///
/// Put one into a `static`, and give it to every retry around one service
/// ([`Retry::budget`](crate::Retry::budget)); hedges and a failover may share it. Each
/// call gives its share when it begins, whatever becomes of it, and each retry takes one.
/// Where none is left, the retry ends with the error that it has
/// ([`Limit::Budget`](crate::Limit::Budget)).
///
/// In any time t in which k calls begin, the budget allows at most
/// `burst + k * share + t * reserve` retries, for any share, exactly. A budget begins
/// full, and a full one stays as it is: while nothing is retried, a call costs one load,
/// and no store. A call to a budget that is not full costs a reading of the clock and a
/// compare-and-swap, as a retry does. A retry that is refused stores nothing but its
/// count.
///
/// ```
/// use fusebox::{BudgetConfig, Retry, RetryBudget, RetryConfig};
///
/// static BUDGET: RetryBudget =
///     RetryBudget::new(BudgetConfig::share(0.10).reserve_per_second(0).burst(5).build());
///
/// let retry = Retry::new(RetryConfig::new().base_delay(Default::default()).build());
/// let retry = retry.budget(&BUDGET);
/// let mut attempts = 0;
/// for _ in 0..100 {
///     let _ = retry.call(|| {
///         attempts += 1;
///         Err::<(), _>("down")
///     });
/// }
/// // 5 that it began with, and a tenth of the calls; without a budget, 300.
/// assert!(attempts <= 100 + 5 + 10);
/// ```
///
/// The peers, for comparison: Finagle's budget allows a fifth and ten a second, and
/// forgets after ten seconds; the SDKs of AWS have a bucket of a hundred retries that
/// successes fill.
///
/// Its word publishes no other memory: a withdrawal orders nothing between threads.
#[repr(C)]
pub struct RetryBudget<C = DefaultClock> {
    spent: Machine,
    settings: Machine,
    refused: Counter,
    clock: C,
}

#[cfg(feature = "std")]
impl RetryBudget {
    const_fn! {
        /// Makes a full budget on the clock of the host.
        #[must_use]
        pub fn new(settings: BudgetSettings) -> Self {
            Self::with(settings, crate::time::StdClock)
        }
    }
}

impl<C> RetryBudget<C> {
    const_fn! {
        /// Makes a full budget with a clock of your own, which measures the reserve.
        #[must_use]
        pub fn with(settings: BudgetSettings, clock: C) -> Self {
            Self {
                spent: Machine::new(Spent::NONE.0),
                settings: Machine::new(settings.pack()),
                refused: Counter::new(),
                clock,
            }
        }
    }

    /// That of a slot which was given none.
    #[cfg(not(any(fusebox_compact, fusebox_loom)))]
    pub(crate) const fn none(clock: C) -> Self {
        Self {
            spent: Machine::new(Spent::NONE.0),
            settings: Machine::new(0),
            refused: Counter::new(),
            clock,
        }
    }

    /// Fills it, on whatever clock.
    #[cfg(not(any(fusebox_compact, fusebox_loom)))]
    pub(crate) fn restamp(&self) {
        self.spent.store(Spent::NONE);
    }

    /// Returns the settings in force.
    ///
    /// A budget in a slot that was given none allows every retry: then this is `None`.
    #[must_use]
    #[inline]
    pub fn settings(&self) -> Option<BudgetSettings> {
        match self.settings.load() {
            Bits(0) => None,
            Bits(word) => Some(BudgetSettings::unpack(word)),
        }
    }

    /// Puts other settings in force, from the next call on. As many retries stay spent as
    /// were before, or as the new burst has. A call that comes during the change may count
    /// by the old share.
    pub fn set_settings(&self, settings: BudgetSettings) {
        let before = self.settings();
        self.settings.store(Bits(settings.pack()));
        if let Some(before) = before {
            let (before, after) = (before.terms(), settings.terms());
            self.spent.step(self.spent.load(), |spent: Spent| (spent.in_parts(before, after), ()));
        }
    }

    /// Puts these settings in force if there are none yet, and returns those in force. It
    /// is for a budget in a slot that others share: an operator may have changed it.
    pub fn init_settings(&self, settings: BudgetSettings) -> BudgetSettings {
        let step = self.settings.step(self.settings.load(), |Bits(word)| {
            (Bits(if word == 0 { settings.pack() } else { word }), ())
        });
        BudgetSettings::unpack(step.to.0)
    }

    /// Takes the settings away: every retry is allowed, until others are put in force. The
    /// budget is full then.
    pub fn lift(&self) {
        self.settings.store(Bits(0));
        // In parts of settings that are gone: a withdrawal that comes now may be forgotten.
        self.spent.store(Spent::NONE);
    }

    /// Returns how many retries the budget refused. The count wraps; it is up to a 64th
    /// too large where one thread was refused very often.
    #[cfg(not(fusebox_compact))]
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.get()
    }
}

impl<C: Clock> RetryBudget<C> {
    /// Says that a call begins: its first attempt, never a later one. A
    /// [`Retry`](crate::Retry) with this budget does so itself.
    ///
    /// A full budget stays as it is; that costs one load.
    #[inline]
    pub fn deposit(&self) {
        let spent: Spent = self.spent.load();
        if !spent.is_none() {
            self.deposit_into(spent);
        }
    }

    #[cold]
    #[inline(never)]
    fn deposit_into(&self, seen: Spent) {
        let Some(settings) = self.settings() else { return };
        let (now, terms) = (self.clock.now(), settings.terms());
        self.spent.step(seen, |spent: Spent| (spent.deposit(now, terms), ()));
    }

    /// Takes one retry, or a hedge, out of the budget. It is `false` where none is left;
    /// then nothing is taken.
    ///
    /// ```
    /// use fusebox::{BudgetConfig, RetryBudget};
    ///
    /// let budget =
    ///     RetryBudget::new(BudgetConfig::share(0.5).reserve_per_second(0).burst(1).build());
    /// assert!(budget.try_withdraw());
    /// assert!(!budget.try_withdraw());
    /// budget.deposit();
    /// budget.deposit();
    /// assert!(budget.try_withdraw()); // two calls are worth one retry
    /// ```
    #[must_use]
    #[inline]
    pub fn try_withdraw(&self) -> bool {
        let Some(settings) = self.settings() else { return true };
        let (now, terms) = (self.clock.now(), settings.terms());
        let seen = self.spent.load();
        self.spent.step(seen, |spent: Spent| spent.withdraw(now, terms)).said || self.refuse()
    }

    /// Counts a refusal, unless a bypass has taken limits out.
    #[cold]
    #[inline(never)]
    fn refuse(&self) -> bool {
        if bypass::limits() {
            return true;
        }
        self.refused.add_often();
        false
    }

    /// Gives back what [`try_withdraw`](Self::try_withdraw) took, where the retry or the
    /// hedge was not made after all.
    pub fn give_back(&self) {
        if let Some(settings) = self.settings() {
            let terms = settings.terms();
            self.spent.step(self.spent.load(), |spent: Spent| (spent.give_back(terms), ()));
        }
    }

    /// Returns how many retries the budget would allow now. It is `u32::MAX` where the
    /// budget has no settings.
    #[must_use]
    pub fn available(&self) -> u32 {
        let Some(settings) = self.settings() else { return u32::MAX };
        let spent: Spent = self.spent.load();
        u32::try_from(spent.left(self.clock.now(), settings.terms())).unwrap_or(u32::MAX)
    }
}

impl<C> fmt::Debug for RetryBudget<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryBudget").field("settings", &self.settings()).finish_non_exhaustive()
    }
}
