//! The layers of a fallback, one after another, and the errors they leave.

use core::{
    fmt::Debug,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use pin_project_lite::pin_project;

use crate::{
    error::CallError,
    fallback::step::{Answer, AsyncStep, Step},
    limit::{
        deadline::until::{Until, forbids},
        pressure::under::Under,
    },
    observe::EachError,
};

/// No layer, and which answers of the call want another in their place: every
/// error, unless `W` says otherwise.
#[derive(Debug, Clone, Copy)]
pub struct NoLayer<W = Errors>(pub(crate) W);

/// Every error wants an answer in its place.
#[derive(Debug, Clone, Copy)]
pub struct Errors;

/// Asks a function which answers want another in their place.
/// [`Fallback::when`](crate::Fallback::when) makes it.
#[derive(Debug, Clone, Copy)]
pub struct OnlyWhen<F>(pub(crate) F);

/// Asks the layers before the call while a host is under pressure.
/// [`Fallback::cheap_when`](crate::Fallback::cheap_when) makes it.
#[derive(Debug, Clone, Copy)]
pub struct CheapWhen<'p, W> {
    pub(crate) wants: W,
    pub(crate) under: Under<'p>,
}

/// Which answers of a call want another in their place: the beginning of a
/// fallback's layers.
pub trait Wants<T, Seen> {
    #[doc(hidden)]
    fn wants(&self, answer: Result<&T, &Seen>) -> bool;
    /// Whether the layers are asked before the call, now.
    #[doc(hidden)]
    #[inline]
    fn comes_first(&self) -> bool {
        false
    }
}

impl<T, Seen> Wants<T, Seen> for Errors {
    #[inline]
    fn wants(&self, answer: Result<&T, &Seen>) -> bool {
        answer.is_err()
    }
}

impl<T, Seen, F: Fn(Result<&T, &Seen>) -> bool> Wants<T, Seen> for OnlyWhen<F> {
    #[inline]
    fn wants(&self, answer: Result<&T, &Seen>) -> bool {
        (self.0)(answer)
    }
}

impl<T, Seen, W: Wants<T, Seen>> Wants<T, Seen> for CheapWhen<'_, W> {
    #[inline]
    fn wants(&self, answer: Result<&T, &Seen>) -> bool {
        self.wants.wants(answer)
    }

    #[inline]
    fn comes_first(&self) -> bool {
        self.under.presses()
    }
}

/// The layers `P`, then the layer `X`.
#[derive(Debug, Clone, Copy)]
pub struct Then<P, X>(pub(crate) P, pub(crate) X);

/// The error that layers are shown, of which their own is one: in a pipeline
/// it may be a rejection, too.
pub trait FromOwn<E> {
    #[doc(hidden)]
    fn from_own(error: E) -> Self;
}

impl<E> FromOwn<E> for E {
    fn from_own(error: E) -> Self {
        error
    }
}

impl<E> FromOwn<E> for CallError<E> {
    fn from_own(error: E) -> Self {
        Self::Failed(error)
    }
}

/// The errors that layers left, by value: one place for each layer.
pub trait Slots<Seen> {
    /// The last one.
    #[doc(hidden)]
    fn last(&self) -> Option<&Seen>;
    #[doc(hidden)]
    fn take_last(&mut self) -> Option<Seen>;
    #[doc(hidden)]
    fn each(&self, see: &mut dyn FnMut(&dyn Debug))
    where
        Seen: Debug;
}

impl<Seen> Slots<Seen> for () {
    fn last(&self) -> Option<&Seen> {
        None
    }
    fn take_last(&mut self) -> Option<Seen> {
        None
    }
    fn each(&self, _see: &mut dyn FnMut(&dyn Debug)) {}
}

impl<Seen, P: Slots<Seen>> Slots<Seen> for (P, Option<Seen>) {
    fn last(&self) -> Option<&Seen> {
        self.1.as_ref().or_else(|| self.0.last())
    }
    fn take_last(&mut self) -> Option<Seen> {
        self.1.take().or_else(|| self.0.take_last())
    }
    fn each(&self, see: &mut dyn FnMut(&dyn Debug))
    where
        Seen: Debug,
    {
        self.0.each(see);
        if let Some(error) = &self.1 {
            see(error);
        }
    }
}

/// The call's own error and those of the layers, for an event.
pub(crate) struct Trail<'a, Seen, S> {
    /// There is none where the call's value was refused.
    pub(crate) primary: Option<&'a Seen>,
    pub(crate) slots: &'a S,
}

impl<Seen: Debug, S: Slots<Seen>> EachError for Trail<'_, Seen, S> {
    fn each(&self, see: &mut dyn FnMut(&dyn Debug)) {
        if let Some(primary) = self.primary {
            see(primary);
        }
        self.slots.each(see);
    }
}

/// Which layer answered, from 1, and what.
pub(crate) type Rescued<T> = Option<(u32, Answer<T>)>;

/// Layers that a sync call may ask.
#[diagnostic::on_unimplemented(
    message = "this fallback does not fit this call",
    label = "a layer of the fallback is async, or takes other arguments than the call, or returns another type",
    note = "an async layer needs an async call (`call_async`): a sync call cannot wait for it"
)]
pub trait Chain<A: ?Sized, T, E, Seen> {
    #[doc(hidden)]
    type Slots: Slots<Seen> + Default;
    #[doc(hidden)]
    const LAYERS: u32;

    /// Whether this answer of the call wants another in its place.
    #[doc(hidden)]
    fn wants(&self, answer: Result<&T, &Seen>) -> bool;
    /// Whether the layers are asked before the call, now.
    #[doc(hidden)]
    fn comes_first(&self) -> bool;
    #[doc(hidden)]
    fn rescue(
        &self,
        args: &A,
        primary: Option<&Seen>,
        until: Option<Until<'_>>,
        slots: &mut Self::Slots,
    ) -> Rescued<T>;
    #[doc(hidden)]
    fn note(&self, args: &A, value: &T);
}

impl<A: ?Sized, T, E, Seen, W: Wants<T, Seen>> Chain<A, T, E, Seen> for NoLayer<W> {
    type Slots = ();
    const LAYERS: u32 = 0;

    #[inline]
    fn wants(&self, answer: Result<&T, &Seen>) -> bool {
        self.0.wants(answer)
    }

    #[inline]
    fn comes_first(&self) -> bool {
        self.0.comes_first()
    }

    fn rescue(
        &self,
        _args: &A,
        _primary: Option<&Seen>,
        _until: Option<Until<'_>>,
        (): &mut (),
    ) -> Rescued<T> {
        None
    }
    #[inline]
    fn note(&self, _args: &A, _value: &T) {}
}

impl<A: ?Sized, T, E, Seen, P, X> Chain<A, T, E, Seen> for Then<P, X>
where
    Seen: FromOwn<E>,
    P: Chain<A, T, E, Seen>,
    X: Step<A, T, E, Seen>,
{
    type Slots = (P::Slots, Option<Seen>);
    const LAYERS: u32 = P::LAYERS + 1;

    #[inline]
    fn wants(&self, answer: Result<&T, &Seen>) -> bool {
        self.0.wants(answer)
    }

    #[inline]
    fn comes_first(&self) -> bool {
        self.0.comes_first()
    }

    fn rescue(
        &self,
        args: &A,
        primary: Option<&Seen>,
        until: Option<Until<'_>>,
        slots: &mut Self::Slots,
    ) -> Rescued<T> {
        if let Some(rescued) = self.0.rescue(args, primary, until, &mut slots.0) {
            return Some(rescued);
        }
        if forbids(until, Duration::ZERO) {
            return None;
        }
        let error = slots.0.last().or(primary);
        match self.1.ask(args, error)? {
            Ok(answer) => Some((Self::LAYERS, answer)),
            Err(error) => {
                slots.1 = Some(Seen::from_own(error));
                None
            }
        }
    }

    #[inline]
    fn note(&self, args: &A, value: &T) {
        self.0.note(args, value);
        self.1.note(args, value);
    }
}

/// Layers that an async call may ask.
pub trait AsyncChain<'a, A: ?Sized, T, E, Seen> {
    #[doc(hidden)]
    type Slots: Slots<Seen> + Default;
    #[doc(hidden)]
    type Stage;
    #[doc(hidden)]
    const LAYERS: u32;

    /// Whether this answer of the call wants another in its place.
    #[doc(hidden)]
    fn wants_async(&self, answer: Result<&T, &Seen>) -> bool;
    /// Whether the layers are asked before the call, now.
    #[doc(hidden)]
    fn comes_first_async(&self) -> bool;
    #[doc(hidden)]
    fn stage(&self) -> Self::Stage;
    #[doc(hidden)]
    fn poll_rescue(
        &'a self,
        args: &'a A,
        primary: Option<&Seen>,
        until: Option<Until<'_>>,
        slots: &mut Self::Slots,
        stage: Pin<&mut Self::Stage>,
        cx: &mut Context<'_>,
    ) -> Poll<Rescued<T>>;
    #[doc(hidden)]
    fn note_async(&self, args: &A, value: &T);
}

impl<'a, A: ?Sized, T, E, Seen, W: Wants<T, Seen>> AsyncChain<'a, A, T, E, Seen> for NoLayer<W> {
    type Slots = ();
    type Stage = ();
    const LAYERS: u32 = 0;

    #[inline]
    fn wants_async(&self, answer: Result<&T, &Seen>) -> bool {
        self.0.wants(answer)
    }

    #[inline]
    fn comes_first_async(&self) -> bool {
        self.0.comes_first()
    }

    fn stage(&self) {}
    fn poll_rescue(
        &'a self,
        _args: &'a A,
        _primary: Option<&Seen>,
        _until: Option<Until<'_>>,
        (): &mut (),
        _stage: Pin<&mut ()>,
        _cx: &mut Context<'_>,
    ) -> Poll<Rescued<T>> {
        Poll::Ready(None)
    }
    #[inline]
    fn note_async(&self, _args: &A, _value: &T) {}
}

pin_project! {
    /// How far the layers have been asked.
    #[doc(hidden)]
    #[derive(Debug)]
    pub struct Stage<P, F> {
        #[pin]
        earlier: P,
        // None while the earlier layers are asked.
        #[pin]
        asking: Option<F>,
    }
}

impl<'a, A: ?Sized + 'a, T, E, Seen, P, X> AsyncChain<'a, A, T, E, Seen> for Then<P, X>
where
    Seen: FromOwn<E>,
    P: AsyncChain<'a, A, T, E, Seen>,
    X: AsyncStep<'a, A, T, E, Seen>,
{
    type Slots = (P::Slots, Option<Seen>);
    type Stage = Stage<P::Stage, X::Asking>;
    const LAYERS: u32 = P::LAYERS + 1;

    #[inline]
    fn wants_async(&self, answer: Result<&T, &Seen>) -> bool {
        self.0.wants_async(answer)
    }

    #[inline]
    fn comes_first_async(&self) -> bool {
        self.0.comes_first_async()
    }

    fn stage(&self) -> Self::Stage {
        Stage { earlier: self.0.stage(), asking: None }
    }

    fn poll_rescue(
        &'a self,
        args: &'a A,
        primary: Option<&Seen>,
        until: Option<Until<'_>>,
        slots: &mut Self::Slots,
        stage: Pin<&mut Self::Stage>,
        cx: &mut Context<'_>,
    ) -> Poll<Rescued<T>> {
        let mut stage = stage.project();
        if stage.asking.is_none() {
            let earlier = self.0.poll_rescue(args, primary, until, &mut slots.0, stage.earlier, cx);
            if let Some(rescued) = ready!(earlier) {
                return Poll::Ready(Some(rescued));
            }
            if forbids(until, Duration::ZERO) {
                return Poll::Ready(None);
            }
            let error = slots.0.last().or(primary);
            stage.asking.set(Some(self.1.begin(args, error)));
        }
        let Some(asking) = stage.asking.as_mut().as_pin_mut() else {
            return Poll::Ready(None); // set just now
        };
        Poll::Ready(match ready!(asking.poll(cx)) {
            Some(Ok(answer)) => Some((Self::LAYERS, answer)),
            Some(Err(error)) => {
                slots.1 = Some(Seen::from_own(error));
                None
            }
            None => None,
        })
    }

    #[inline]
    fn note_async(&self, args: &A, value: &T) {
        self.0.note_async(args, value);
        self.1.note_async(args, value);
    }
}
