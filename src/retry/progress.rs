//! The state of one retried call, and what it decides after a failure.

use core::{fmt::Debug, time::Duration};

use crate::{
    bypass,
    callers::scope::Again,
    limit::{
        deadline::until::{Until, forbids},
        pressure::{
            heed::{Spares, no_retries},
            under::presses,
        },
    },
    observe::{ErrorText, Event, Exhausted, Limit, Observer, Retrying, Tally},
    retry::{
        Retry,
        attempt::Attempt,
        backoff::Backoff,
        budget::Budgeted,
        heeding::Foresees,
        hooks::{Asked, Refused},
        settings::{RetrySettings, UNLIMITED},
        surroundings::RetrySurroundings,
    },
    time::{Clock, Tick},
};

/// What comes after a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Another attempt, after this delay.
    Retry(Duration),
    /// The answer goes to the caller.
    GiveUp,
}

/// The state of one retried call, sync or async.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Progress<'t> {
    /// The attempt that runs, from 1.
    number: u32,
    /// When the first began, where anybody wants to know.
    started: Option<Tick>,
    /// The delays; made at the first failure, as most calls never need them.
    backoff: Option<Backoff>,
    /// Where it is counted, too.
    tally: Option<&'t Tally>,
    /// What no delay and no attempt may overrun.
    until: Option<Until<'t>>,
    /// What is left out while a host is under pressure.
    spares: Option<&'t Spares<'t>>,
}

impl<H: Budgeted, C: Clock, S, O> Retry<H, RetrySurroundings<C, S, O>> {
    /// Before the first attempt; `timed` says that the call wants to know the
    /// time of its attempts.
    #[inline]
    pub(crate) fn begin<'t>(
        &self,
        timed: bool,
        tally: Option<&'t Tally>,
        until: Option<Until<'t>>,
    ) -> Progress<'t> {
        self.hooks.deposit();
        self.progress(timed, tally, until)
    }

    /// Before the first attempt of a call of which the budget has heard.
    #[inline]
    pub(super) fn progress<'t>(
        &self,
        timed: bool,
        tally: Option<&'t Tally>,
        until: Option<Until<'t>>,
    ) -> Progress<'t> {
        let timed = timed || self.settings.max_elapsed().is_some();
        let started = timed.then(|| self.surroundings.clock.now());
        Progress { number: 1, started, backoff: None, tally, until, spares: None }
    }
}

impl<H, S> Retry<H, S> {
    /// Whether the value of an attempt is refused: it is worth another.
    #[inline]
    pub(crate) fn refuses<T, E>(&self, value: &T) -> bool
    where
        H: Asked<T, E>,
    {
        self.hooks.is_worth(Ok(value))
    }
}

impl<'t> Progress<'t> {
    /// The same, where some of it is left out while a host is under pressure.
    #[inline]
    pub(crate) const fn sparing(self, spares: Option<&'t Spares<'t>>) -> Self {
        Self { spares, ..self }
    }

    /// What comes after the attempt that gave `answer`: an error, or a value that
    /// was refused.
    pub(crate) fn next<H: Asked<T, E>, C: Clock, S, O: Observer, T, E: Debug>(
        &mut self,
        retry: &Retry<H, RetrySurroundings<C, S, O>>,
        answer: Result<&T, &E>,
    ) -> Decision {
        let hint = || retry.hooks.hint(answer);
        match answer {
            Ok(_) => self.next_worth(retry, hint, &Refused),
            Err(error) if retry.hooks.is_worth(answer) => self.next_worth(retry, hint, error),
            Err(_) => Decision::GiveUp,
        }
    }

    /// What comes after an attempt whose answer is worth another, and is shown
    /// as `error`. The hint is asked for only where there is one.
    pub(crate) fn next_worth<H: Budgeted, C: Clock, S, O: Observer, E: Debug>(
        &mut self,
        retry: &Retry<H, RetrySurroundings<C, S, O>>,
        hint: impl FnOnce() -> Option<Duration>,
        error: &E,
    ) -> Decision {
        if bypass::retries() {
            return Decision::GiveUp;
        }
        let RetrySettings { max_attempts, backoff, .. } = retry.settings;
        let max_elapsed = retry.settings.max_elapsed();
        let RetrySurroundings { clock, observer, .. } = &retry.surroundings;
        let (number, tally) = (self.number, self.tally);
        let give_up = |limit| {
            exhausted(retry, number, tally, limit, error);
            Decision::GiveUp
        };
        if self.number >= max_attempts && max_attempts != UNLIMITED {
            return give_up(Limit::Attempts);
        }
        // Drawn even where a hint replaces it: the delay before attempt n + 1
        // is the n-th.
        let drawn = self.backoff.get_or_insert(backoff).next().unwrap_or_default();
        let delay = match hint() {
            None => drawn,
            Some(hint) if hint <= backoff.max_delay() => hint,
            Some(_) if retry.settings.end_on_long_hint() => return give_up(Limit::Hint),
            Some(_) => backoff.max_delay(),
        };
        if let (Some(limit), Some(started)) = (max_elapsed, self.started) {
            let elapsed = clock.now().since(started);
            if elapsed.saturating_add(delay) > limit {
                return give_up(Limit::Elapsed);
            }
        }
        if forbids(self.until, delay) {
            return give_up(Limit::Deadline);
        }
        if presses(retry.under) || no_retries(self.spares) {
            return give_up(Limit::Pressure);
        }
        if retry.heeded.is_some_and(Foresees::foresees_trouble) {
            return give_up(Limit::Foresight);
        }
        // The last question: what is taken is used.
        if !retry.hooks.try_withdraw() {
            return give_up(Limit::Budget);
        }
        let retrying =
            Retrying { policy: retry.name, attempt: self.number, max_attempts, delay, error };
        if let Some(tally) = self.tally {
            tally.retries.add_one();
        }
        observer.on_event(&Event::Retry(retrying));
        self.number = self.number.saturating_add(1);
        Decision::Retry(delay)
    }

    /// Whether the attempt after a delay must not start, as the deadline is over: the
    /// delay took longer than it should. `previous` is what the last attempt failed with.
    pub(crate) fn is_late<H, C: Clock, S, O: Observer, E: Debug>(
        &self,
        retry: &Retry<H, RetrySurroundings<C, S, O>>,
        previous: Option<&E>,
    ) -> bool {
        let is_late = forbids(self.until, Duration::ZERO);
        if is_late {
            let error = previous.map_or(&Refused as &dyn ErrorText, |error| error);
            exhausted(retry, self.number - 1, self.tally, Limit::Deadline, error);
        }
        is_late
    }

    /// Makes the attempt that comes now, which is not the first, or a part of it: a breaker in
    /// it keeps how often it may be tried.
    pub(crate) fn again<H, C, S, O, R>(
        &self,
        retry: &Retry<H, RetrySurroundings<C, S, O>>,
        attempt: impl FnOnce() -> R,
    ) -> R {
        let _scope = Again::of(self.most(retry));
        attempt()
    }

    /// How often the call may be tried; where there is no limit, how often it was by now.
    const fn most<H, S>(&self, retry: &Retry<H, S>) -> u32 {
        let most = retry.settings.max_attempts;
        if most == UNLIMITED { self.number } else { most }
    }

    /// The same of a later attempt; `None` of the first one.
    #[inline]
    pub(crate) const fn tries<H, S>(&self, retry: &Retry<H, S>) -> Option<u32> {
        if self.number > 1 { Some(self.most(retry)) } else { None }
    }

    /// The attempt that comes now, after one that failed with `previous`, or
    /// whose answer was refused.
    pub(crate) fn attempt<'e, H, C: Clock, S, O, E>(
        &self,
        retry: &Retry<H, RetrySurroundings<C, S, O>>,
        previous: Option<&'e E>,
    ) -> Attempt<'e, E> {
        let now = || retry.surroundings.clock.now();
        let elapsed = self.started.map_or(Duration::ZERO, |at| now().since(at));
        Attempt { number: self.number, elapsed, previous }
    }
}

/// Tells that a retry gave up after so many attempts.
fn exhausted<H, C, S, O: Observer>(
    retry: &Retry<H, RetrySurroundings<C, S, O>>,
    attempts: u32,
    tally: Option<&Tally>,
    limit: Limit,
    error: &dyn ErrorText,
) {
    if let Some(tally) = tally {
        tally.exhausted.add_one();
    }
    let exhausted = Exhausted { policy: retry.name, attempts, limit, error };
    retry.surroundings.observer.on_event(&Event::Exhausted(exhausted));
}
