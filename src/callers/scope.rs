//! Inside which breaker's call the code of a thread runs, and in which attempt of a retry.

use core::fmt;
#[cfg(feature = "map")]
use core::{
    cell::Cell,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
};

#[cfg(feature = "map")]
use pin_project_lite::pin_project;

use crate::callers::place::Place;
#[cfg(feature = "map")]
use crate::scope::Scope;

/// What is around a call: the breaker inside whose call it is made, and how often it is tried.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(fusebox_loom), allow(unreachable_pub))] // a model names it
pub struct Surroundings {
    pub(crate) panel: u32,
    /// 0 for none.
    pub(crate) number: u16,
    /// By retries between that breaker and this call; 0 and 1 are none.
    pub(crate) attempts: u16,
}

impl Surroundings {
    const NONE: Self = Self { panel: 0, number: 0, attempts: 1 };

    /// Inside a call of the breaker with this number of a panel.
    #[cfg_attr(not(fusebox_loom), allow(unreachable_pub))] // a model calls it
    pub const fn inside(panel: u32, number: u16) -> Self {
        Self { panel, number, attempts: 1 }
    }
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { panel, number, attempts } = self;
        write!(f, "number {number} of panel {panel:08x}, {attempts} attempts")
    }
}

/// What surrounds the code of this thread, and the most attempts that a retry in it made.
#[cfg(feature = "map")]
#[derive(Debug, Clone, Copy)]
struct Here {
    around: Surroundings,
    within: u16,
}

#[cfg(feature = "map")]
impl Here {
    const NOWHERE: Self = Self::new(Surroundings::NONE);

    const fn new(around: Surroundings) -> Self {
        Self { around, within: 1 }
    }
}

#[cfg(feature = "map")]
std::thread_local! {
    static HERE: Cell<Here> = const { Cell::new(Here::NOWHERE) };
}

/// Nothing where the thread is about to end.
#[cfg(feature = "map")]
fn here() -> Here {
    HERE.try_with(Cell::get).unwrap_or(Here::NOWHERE)
}

#[cfg(feature = "map")]
fn set(here: Here) {
    let _ = HERE.try_with(|it| it.set(here));
}

/// What surrounds the code that runs here.
#[cfg(feature = "map")]
pub(crate) fn current() -> Surroundings {
    here().around
}

/// Without the feature, nobody knows.
#[cfg(not(feature = "map"))]
pub(crate) const fn current() -> Surroundings {
    Surroundings::NONE
}

/// Runs `f` as nobody's call.
#[cfg(feature = "tower")]
pub(crate) fn unseen<R>(f: impl FnOnce() -> R) -> R {
    #[cfg(feature = "map")]
    let _scope = Caller::NONE.enter();
    f()
}

/// While a mapped breaker's call runs on this thread; it ends when this is dropped, be it by
/// a panic.
#[derive(Debug)]
pub(crate) struct Inside {
    #[cfg(feature = "map")]
    _guard: CallerGuard,
}

impl Inside {
    /// A call begins of the breaker at this place; nothing where it has no place.
    #[cfg(feature = "map")]
    pub(crate) fn of(place: Place) -> Option<Self> {
        let around = Surroundings::inside(place.panel(), place.number()?);
        Some(Self { _guard: CallerGuard::begin(Here::new(around)) })
    }

    /// Without the feature there is none.
    #[cfg(not(feature = "map"))]
    pub(crate) const fn of(_place: Place) -> Option<Self> {
        None
    }

    /// The call ends, or pauses: the most attempts that a retry in it made.
    #[allow(clippy::unused_self)] // it is this one that ends
    pub(crate) fn leave(self) -> u16 {
        #[cfg(feature = "map")]
        return here().within;
        #[cfg(not(feature = "map"))]
        1
    }
}

/// While an attempt of a retry runs on this thread that is not its first.
#[derive(Debug)]
#[must_use = "dropped at once, its scope is empty"]
pub(crate) struct Again {
    #[cfg(feature = "map")]
    before: Surroundings,
    #[cfg(feature = "map")]
    thread: PhantomData<*const ()>,
}

impl Again {
    /// One of so many attempts. A retry inside another multiplies.
    #[cfg(feature = "map")]
    pub(crate) fn of(attempts: u32) -> Self {
        let Here { around: before, within } = here();
        let attempts = u16::try_from(attempts).unwrap_or(u16::MAX);
        let attempts = before.attempts.max(1).saturating_mul(attempts);
        set(Here { around: Surroundings { attempts, ..before }, within: within.max(attempts) });
        Self { before, thread: PhantomData }
    }

    /// Nobody asks.
    #[cfg(not(feature = "map"))]
    pub(crate) const fn of(_attempts: u32) -> Self {
        Self {}
    }
}

#[cfg(feature = "map")]
impl Drop for Again {
    fn drop(&mut self) {
        let within = here().within;
        set(Here { around: self.before, within });
    }
}

/// The breaker inside whose call some code runs: to be handed on to another thread, or to a
/// task, whose calls are then drawn on the [`Map`](crate::Map) as that breaker's.
///
/// A call that is made on its caller's thread, or in its caller's future, needs none of this.
///
/// ```
/// use fusebox::{Caller, Map, Registry};
///
/// static PANEL: Registry<8> = Registry::new();
///
/// PANEL.panel().set_mapped(true);
/// let (shop, db) = (PANEL.get_or_default("shop")?, PANEL.get_or_default("db")?);
/// let answer = shop.call(|| {
///     let caller = Caller::current();
///     let worker = std::thread::spawn(move || {
///         let _scope = caller.enter();
///         db.call(|| Ok::<_, &str>(42))
///     });
///     worker.join().unwrap()
/// });
/// assert!(answer.is_ok());
/// assert_eq!(Map::of(PANEL.panel().readings()).edges().count(), 1); // shop calls db
/// # Ok::<(), fusebox::RegistryError>(())
/// ```
#[cfg(feature = "map")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller(Surroundings);

#[cfg(feature = "map")]
impl Caller {
    /// No breaker. In its scope, calls are nobody's: enter it where a call's thread does other
    /// work meanwhile.
    pub const NONE: Self = Self(Surroundings::NONE);

    /// Returns the caller of this thread's scope: the innermost mapped breaker whose call runs
    /// on it, or whose scope was entered.
    #[must_use]
    pub fn current() -> Self {
        Self(current())
    }

    /// Begins a scope on this thread, which ends when the guard is dropped. The inner of two
    /// scopes holds.
    pub fn enter(self) -> CallerGuard {
        CallerGuard::begin(Here::new(self.0))
    }

    /// Begins a scope around `future`, wherever it is polled. The inner of two scopes holds.
    ///
    /// ```
    /// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
    /// use fusebox::Caller;
    ///
    /// // As in `tokio::spawn(Caller::current().scope(task))`.
    /// let task = Caller::current().scope(async { Caller::current() });
    /// # let mut cx = Context::from_waker(Waker::noop());
    /// # assert_eq!(pin!(task).poll(&mut cx), Poll::Ready(Caller::NONE));
    /// ```
    pub fn scope<F: Future>(self, future: F) -> CallerFuture<F> {
        CallerFuture { caller: self, future }
    }
}

/// The scope of a caller on this thread: it ends when this is dropped. [`Caller::enter`]
/// begins it. Guards are dropped in the reverse order.
#[cfg(feature = "map")]
#[derive(Debug)]
#[must_use = "dropped at once, its scope is empty"]
pub struct CallerGuard {
    _scope: Scope<Here>,
}

#[cfg(feature = "map")]
impl CallerGuard {
    fn begin(inside: Here) -> Self {
        Self { _scope: Scope::begin(&HERE, inside) }
    }
}

#[cfg(feature = "map")]
pin_project! {
    /// A future in the scope of a caller. [`Caller::scope`] makes it.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct CallerFuture<F> {
        caller: Caller,
        #[pin]
        future: F,
    }
}

#[cfg(feature = "map")]
impl<F: Future> Future for CallerFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _scope = this.caller.enter();
        this.future.poll(cx)
    }
}
