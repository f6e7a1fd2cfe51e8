//! Who hears of events.

use crate::observe::{Event, trace::Trace};

/// Hears of events, on the thread that caused them, after they took effect.
///
/// Nothing is held while it runs: it may call back into the same breaker. A
/// panic in it reaches the caller, and the permit involved is not lost. One
/// exception: where the thread unwinds already, because the call panicked say,
/// the caller gets that first panic, and the observer's goes no further.
/// Without the feature `std` nothing can hold it back, and it aborts the
/// process, as Rust has it of every second panic.
///
/// ```
/// use fusebox::{Event, Observer};
///
/// struct Print;
/// impl Observer for Print {
///     fn on_event(&self, event: &Event<'_>) {
///         if let Event::Transition(t) = event {
///             println!("{}: {} -> {}", t.breaker.unwrap_or("?"), t.from, t.to);
///         }
///     }
/// }
/// ```
pub trait Observer {
    /// Is called once for every event.
    fn on_event(&self, event: &Event<'_>);

    /// Whether it does anything with an event. If not, a breaker need not gather
    /// what the event would say, and may leave it out.
    ///
    /// Let the answer be a constant: the compiler then removes that code. The
    /// answer is true unless you write another, and that of a reference to an
    /// observer always is.
    #[inline]
    fn hears_events(&self) -> bool
    where
        Self: Sized,
    {
        true
    }

    /// Whether a breaker with this observer counts every call that it admits.
    ///
    /// Every call asks, so let the answer be a constant: the compiler then
    /// removes the question. The answer is false unless you write another, and
    /// a reference to an observer always says false. See
    /// [`CountCalls`](crate::CountCalls).
    #[inline]
    fn counts_calls(&self) -> bool
    where
        Self: Sized,
    {
        false
    }

    /// Whether a breaker with this observer measures how long each call takes, and
    /// tells it by an [`Event::Call`].
    ///
    /// As for [`counts_calls`](Self::counts_calls), let the answer be a constant.
    /// See [`TimeCalls`](crate::TimeCalls).
    #[inline]
    fn times_calls(&self) -> bool
    where
        Self: Sized,
    {
        false
    }

    /// Returns the trace in which breakers with this observer are recorded, those that
    /// [ask for it](crate::CircuitBreaker::set_recorded). There is none unless you write
    /// another; [`DefaultObserver`](crate::DefaultObserver) has the one of the process.
    fn trace(&self) -> Option<Trace<'_>> {
        None
    }
}

impl<O: Observer + ?Sized> Observer for &O {
    fn on_event(&self, event: &Event<'_>) {
        (**self).on_event(event);
    }

    fn trace(&self) -> Option<Trace<'_>> {
        (**self).trace()
    }
}

/// Both observers hear of every event, the first one first.
impl<A: Observer, B: Observer> Observer for (A, B) {
    fn on_event(&self, event: &Event<'_>) {
        self.0.on_event(event);
        self.1.on_event(event);
    }

    #[inline]
    fn hears_events(&self) -> bool {
        self.0.hears_events() || self.1.hears_events()
    }

    #[inline]
    fn counts_calls(&self) -> bool {
        self.0.counts_calls() || self.1.counts_calls()
    }

    #[inline]
    fn times_calls(&self) -> bool {
        self.0.times_calls() || self.1.times_calls()
    }

    fn trace(&self) -> Option<Trace<'_>> {
        self.0.trace().or_else(|| self.1.trace())
    }
}
