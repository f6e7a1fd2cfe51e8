//! One call for each of many items.

use core::fmt;

use crate::{
    breaker::CircuitBreaker,
    error::{CallError, Rejected},
    observe::{Observer, Summary},
    time::Clock,
};

/// What came of the calls of [`CircuitBreaker::call_each`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Each<K> {
    /// The number of calls that succeeded.
    pub succeeded: u64,
    /// The number of calls that failed.
    pub failed: u64,
    /// The number of items for which no call was made, as the breaker was open.
    pub not_made: u64,
    /// The codes of the errors, and how often each came.
    pub errors: Summary<K>,
    /// The rejection that ended it, if one did.
    pub rejected: Option<Rejected>,
}

impl<C: Clock, O: Observer> CircuitBreaker<C, O> {
    /// Calls `f` with one item after another, and sums up what came of it. The first
    /// call that the breaker turns away is the last: the items left over are counted.
    /// `code` makes something short of an error, to be counted by.
    ///
    /// Every `Err` is a failure, and so is a panic, which reaches the caller.
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker};
    ///
    /// let mail = CircuitBreaker::named("mail", BreakerConfig::new().failure_threshold(3).build());
    /// let send = |to: &str| if to.contains('@') { Ok(()) } else { Err(550_u16) };
    /// let sent = mail.call_each(["a@b", "c", "d@e", "f", "g", "h", "i@j"], send, |code| *code);
    /// assert_eq!((sent.succeeded, sent.failed, sent.not_made), (2, 4, 1));
    /// println!("{sent}"); // 2 succeeded, 4 failed (4 × 550), 1 not made: circuit breaker …
    /// ```
    pub fn call_each<I: IntoIterator, T, E, K: Copy + Eq>(
        &self,
        items: I,
        mut f: impl FnMut(I::Item) -> Result<T, E>,
        code: impl Fn(&E) -> K,
    ) -> Each<K> {
        let errors = Summary::new();
        let mut sum = Each { succeeded: 0, failed: 0, not_made: 0, errors, rejected: None };
        let mut items = items.into_iter();
        while let Some(item) = items.next() {
            let rejected = match self.call(|| f(item)) {
                Ok(_) => {
                    sum.succeeded += 1;
                    continue;
                }
                Err(CallError::Failed(error)) => {
                    sum.failed += 1;
                    sum.errors.add(code(&error));
                    continue;
                }
                // It has no error of the caller's, and so no code.
                Err(CallError::Rejected(rejected)) if rejected.is_drill() => {
                    sum.failed += 1;
                    continue;
                }
                Err(CallError::Rejected(rejected)) => rejected,
                // Not by a breaker's own call, in which there is no limit.
                Err(CallError::Limited(limited)) => limited.into(),
            };
            sum.not_made = 1 + items.by_ref().map(|_| 1).sum::<u64>();
            sum.rejected = Some(rejected);
        }
        sum
    }
}

impl<K: Copy + Eq + fmt::Display> fmt::Display for Each<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} succeeded, {} failed", self.succeeded, self.failed)?;
        if self.failed > 0 {
            write!(f, " ({})", self.errors)?;
        }
        match &self.rejected {
            Some(rejected) => write!(f, ", {} not made: {rejected}", self.not_made),
            None => Ok(()),
        }
    }
}
