//! A breaker whose calls somebody watches: a drill, a shadow, whoever draws the map.
//!
//! Its gate has the bit that says so, and keeps the bit of attention. So each of its calls
//! comes out of line: in [`begin_watched`] when it begins, and in [`guard_watched`] and
//! [`HeldPermit::poll`] around the caller's own code.
//!
//! [`begin_watched`]: CircuitBreaker::begin_watched
//! [`guard_watched`]: CircuitBreaker::guard_watched
//! [`HeldPermit::poll`]: crate::breaker::held::HeldPermit::poll

#[cfg(all(feature = "drill", not(fusebox_compact)))]
use crate::breaker::injected::Injection;
use crate::{
    breaker::{
        CircuitBreaker,
        permit::{CallGuard, Permit},
        word::Word,
    },
    callers::{place::Place, scope::Inside},
    error::Rejected,
    observe::Observer,
    state::{Outcome, State},
    time::Clock,
};
#[cfg(not(fusebox_compact))]
use crate::{
    callers::scope,
    name::{Name, WORDS},
    overload::gate::Gate,
};

/// Whether anything may be in this build for which calls come out of line.
pub(super) const WATCHES: bool =
    cfg!(all(any(feature = "drill", feature = "map"), not(fusebox_compact)));

/// Says that a call is admitted under this permit, and watched. It is said as a rejection
/// is, so that a call that nobody watches is compiled as if nobody ever did.
#[cfg(not(fusebox_compact))]
fn watched(permit: Word) -> Rejected {
    // A breaker that is disabled turns nobody away.
    Rejected::new(Name::from_words([0; WORDS]), State::Disabled, Some(permit.0))
}

/// Whether that is what is said.
#[inline]
pub(super) const fn is_watched(said: &Rejected) -> bool {
    WATCHES && matches!(said.state(), State::Disabled)
}

/// The permit of a call that is watched.
fn permit_in(said: &Rejected) -> Word {
    Word(said.retry_after_ms().unwrap_or_default())
}

/// What a call of a watched breaker carries from its beginning to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Watch {
    /// Whose call it is, for the calls in it.
    place: Place,
    /// What a drill does to it.
    #[cfg(all(feature = "drill", not(fusebox_compact)))]
    pub(super) drill: Injection,
}

/// While the caller's own code runs in a watched call.
pub(super) struct WatchScope {
    inside: Option<Inside>,
}

impl Watch {
    /// The caller's own code runs from now on.
    pub(super) fn enter(self) -> WatchScope {
        WatchScope { inside: Inside::of(self.place) }
    }
}

impl<C, O> CircuitBreaker<C, O> {
    /// What a call carries that begins now; nothing where nobody watches.
    #[cfg_attr(fusebox_compact, allow(clippy::unused_self))] // as the other's
    pub(super) fn watch(&self) -> Option<Watch> {
        #[cfg(not(fusebox_compact))]
        return self.is_watched().then(|| Watch {
            place: self.cell.callers.place(),
            #[cfg(feature = "drill")]
            drill: Injection::Undecided,
        });
        #[cfg(fusebox_compact)]
        None
    }

    #[cfg(not(fusebox_compact))]
    #[inline]
    pub(super) fn is_watched(&self) -> bool {
        WATCHES && self.cell.gate.load::<Gate>().is_watched()
    }

    #[cfg(fusebox_compact)]
    #[allow(clippy::unused_self)] // as the other's
    pub(super) const fn is_watched(&self) -> bool {
        false
    }
}

impl<C: Clock, O: Observer> CircuitBreaker<C, O> {
    /// A watched breaker has admitted a call under this permit. Who gets the answer asks
    /// [`is_watched`].
    #[cfg(not(fusebox_compact))]
    #[cold]
    #[inline(never)]
    pub(super) fn begin_watched(&self, permit: Word) -> Rejected {
        self.cell.callers.note(scope::current());
        watched(permit)
    }

    /// A call begins that was admitted before, or several at once.
    #[cfg_attr(fusebox_compact, allow(clippy::unused_self))] // it is in no map
    pub(super) fn note_caller(&self) {
        #[cfg(not(fusebox_compact))]
        if self.is_watched() {
            self.cell.callers.note(scope::current());
        }
    }

    /// The caller's own code has ended, or waits.
    #[cfg_attr(fusebox_compact, allow(clippy::unused_self))]
    pub(super) fn leave(&self, scope: Option<WatchScope>) {
        if let Some(inside) = scope.and_then(|scope| scope.inside) {
            let within = inside.leave();
            #[cfg(not(fusebox_compact))]
            self.cell.callers.note_attempts(self.cell.callers.place(), 1, within);
            let _ = within; // a compact slot is in no map
        }
    }

    /// Runs the caller's own code, or a part of it.
    pub(super) fn around<R>(&self, f: impl FnOnce() -> R) -> R {
        if !WATCHES {
            return f();
        }
        let scope = self.watch().map(Watch::enter);
        let result = f();
        self.leave(scope);
        result
    }

    /// The permit of a call that is made by hand. A drill can only fail it.
    #[cold]
    #[inline(never)]
    #[cfg_attr(any(not(feature = "drill"), fusebox_compact), allow(clippy::unnecessary_wraps))]
    pub(super) fn by_hand(&self, said: &Rejected) -> Result<Word, Rejected> {
        let permit = self.watched_permit(said);
        #[cfg(all(feature = "drill", not(fusebox_compact)))]
        if let Err(drilled) = self.drill_by_hand() {
            permit.failure();
            return Err(drilled);
        }
        Ok(permit.into_parts().1)
    }

    /// The permit of a call that is drilled when it is made.
    #[inline]
    pub(crate) fn acquire_held(&self) -> Result<Permit<'_, C, O>, Rejected> {
        let word = self.load();
        if word.is_healthy() {
            self.count_call();
            return Ok(Permit::new(self, word));
        }
        match self.acquire_unhealthy(word) {
            Ok(word) => Ok(Permit::new(self, word)),
            Err(said) if is_watched(&said) => Ok(self.watched_permit(&said)),
            Err(rejected) => Err(rejected),
        }
    }

    /// The permit that a watched breaker has given.
    #[cold]
    pub(super) fn watched_permit(&self, said: &Rejected) -> Permit<'_, C, O> {
        Permit::new(self, permit_in(said))
    }

    /// The rest of [`guard`](Self::guard) for a call that is watched.
    #[cold]
    #[inline(never)]
    pub(super) fn guard_watched<T, E, X: From<Rejected>>(
        &self,
        said: &Rejected,
        judge: impl FnOnce(Result<&T, &E>) -> Outcome,
        f: impl FnOnce() -> Result<T, E>,
        failed: impl FnOnce(E) -> X,
    ) -> Result<T, X> {
        let guard = CallGuard::new(self.watched_permit(said), self.begin_call());
        let watch = self.watch();
        #[cfg(all(feature = "drill", not(fusebox_compact)))]
        if watch.is_some()
            && let Err(drilled) = self.drill_sync()
        {
            guard.end(Outcome::Failure);
            return Err(drilled.into());
        }
        let scope = watch.map(Watch::enter);
        let result = f();
        self.leave(scope);
        guard.report(judge, result, failed)
    }
}
