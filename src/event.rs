//! What a breaker tells the outside, and whom.

use crate::{clock::ConstDefault, error::Rejected, state::State};

/// Something that happened.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A breaker changed its state.
    Transition(Transition<'a>),
    /// A breaker turned a call away.
    Rejection(&'a Rejected),
}

/// A breaker's change of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transition<'a> {
    /// The breaker's name, where it has one.
    pub breaker: Option<&'a str>,
    /// The state it left.
    pub from: State,
    /// The state it is in now. The same as `from` where an operator forced a
    /// state that it had already.
    pub to: State,
    /// The generation it entered, 0 to 1023, wrapping.
    pub generation: u16,
    /// Whether somebody forced it ([`force_open`], [`close`], [`disable`],
    /// [`reset`]), or calls and time brought it about.
    ///
    /// [`force_open`]: crate::CircuitBreaker::force_open
    /// [`close`]: crate::CircuitBreaker::close
    /// [`disable`]: crate::CircuitBreaker::disable
    /// [`reset`]: crate::CircuitBreaker::reset
    pub forced: bool,
}

/// Hears of events, on the thread that caused them, after they took effect.
///
/// Nothing is held while it runs: it may call back into the same breaker. A
/// panic in it reaches the caller, and the permit involved is not lost.
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
    /// Called once for every event.
    fn on_event(&self, event: &Event<'_>);
}

impl<O: Observer + ?Sized> Observer for &O {
    fn on_event(&self, event: &Event<'_>) {
        (**self).on_event(event);
    }
}

/// Both hear of every event, the first one first.
impl<A: Observer, B: Observer> Observer for (A, B) {
    fn on_event(&self, event: &Event<'_>) {
        self.0.on_event(event);
        self.1.on_event(event);
    }
}

/// The observer of a breaker that was given none: nobody. It has no size and
/// costs nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct DefaultObserver;

impl Observer for DefaultObserver {
    #[inline]
    fn on_event(&self, _event: &Event<'_>) {}
}

impl ConstDefault for DefaultObserver {
    const DEFAULT: Self = Self;
}
