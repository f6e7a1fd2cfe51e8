//! One layer of a fallback.

use core::{
    future::{Future, Ready, ready},
    pin::Pin,
    task::{Context, Poll, ready as done},
    time::Duration,
};

use pin_project_lite::pin_project;

/// What a layer has to say: an answer, an error of its own, or nothing.
pub(crate) type Said<T, E> = Option<Result<Answer<T>, E>>;

/// An answer, and its age where it is an old one.
#[derive(Debug)]
pub struct Answer<T> {
    pub(crate) value: T,
    pub(crate) age: Option<Duration>,
}

/// A layer of a fallback for a call with arguments `A` that returns
/// `Result<T, E>`; `Seen` is the error that it is shown.
#[diagnostic::on_unimplemented(
    message = "this fallback does not fit this call",
    label = "a layer of the fallback is async, or takes other arguments than the call, or returns another type",
    note = "an async layer needs an async call (`call_async`): a sync call cannot wait for it",
    note = "a layer is `Fn(&A) -> Result<T, E>` with the call's own `A`, `T` and `E`; one that sees the error is `Fn(&A, &Error) -> Result<T, E>`"
)]
pub trait Step<A: ?Sized, T, E, Seen> {
    /// Answers in place of the call.
    #[doc(hidden)]
    fn ask(&self, args: &A, error: Option<&Seen>) -> Said<T, E>;

    /// The call itself answered.
    #[doc(hidden)]
    #[inline]
    fn note(&self, _args: &A, _value: &T) {}
}

/// The same for an async call. A sync layer fits both.
#[diagnostic::on_unimplemented(
    message = "this fallback does not fit this async call",
    label = "a layer of the fallback takes other arguments than the call, or returns another type",
    note = "a layer is `Fn(&A) -> Result<T, E>` with the call's own `A`, `T` and `E`, or an async function of that shape; one that sees the error is `Fn(&A, &Error) -> …`"
)]
pub trait AsyncStep<'a, A: ?Sized, T, E, Seen> {
    #[doc(hidden)]
    type Asking: Future<Output = Said<T, E>>;

    /// Begins to answer in place of the call.
    #[doc(hidden)]
    fn begin(&'a self, args: &'a A, error: Option<&Seen>) -> Self::Asking;

    /// The call itself answered.
    #[doc(hidden)]
    #[inline]
    fn note_async(&self, _args: &A, _value: &T) {}
}

#[allow(clippy::unnecessary_wraps)] // as all layers speak
fn fresh<T, E>(result: Result<T, E>) -> Said<T, E> {
    Some(result.map(|value| Answer { value, age: None }))
}

/// A function of the arguments: made by [`Fallback::or`](crate::Fallback::or).
#[derive(Debug, Clone, Copy)]
pub struct Or<F>(pub(crate) F);

impl<A: ?Sized, T, E, Seen, F: Fn(&A) -> Result<T, E>> Step<A, T, E, Seen> for Or<F> {
    fn ask(&self, args: &A, _error: Option<&Seen>) -> Said<T, E> {
        fresh((self.0)(args))
    }
}

impl<'a, A: ?Sized + 'a, T, E, Seen, F: Fn(&'a A) -> Result<T, E>> AsyncStep<'a, A, T, E, Seen>
    for Or<F>
{
    type Asking = Ready<Said<T, E>>;

    fn begin(&'a self, args: &'a A, _error: Option<&Seen>) -> Self::Asking {
        ready(fresh((self.0)(args)))
    }
}

/// A function of the arguments and the error: made by
/// [`Fallback::or_with`](crate::Fallback::or_with).
#[derive(Debug, Clone, Copy)]
pub struct OrWith<F>(pub(crate) F);

impl<A: ?Sized, T, E, Seen, F: Fn(&A, &Seen) -> Result<T, E>> Step<A, T, E, Seen> for OrWith<F> {
    fn ask(&self, args: &A, error: Option<&Seen>) -> Said<T, E> {
        fresh((self.0)(args, error?))
    }
}

impl<'a, A: ?Sized + 'a, T, E, Seen, F> AsyncStep<'a, A, T, E, Seen> for OrWith<F>
where
    F: Fn(&'a A, &Seen) -> Result<T, E>,
{
    type Asking = Ready<Said<T, E>>;

    fn begin(&'a self, args: &'a A, error: Option<&Seen>) -> Self::Asking {
        ready(error.and_then(|error| fresh((self.0)(args, error))))
    }
}

/// A function of the arguments that may decline:
/// [`Fallback::or_if`](crate::Fallback::or_if) makes it.
#[derive(Debug, Clone, Copy)]
pub struct OrIf<F>(pub(crate) F);

impl<A: ?Sized, T, E, Seen, F: Fn(&A) -> Option<Result<T, E>>> Step<A, T, E, Seen> for OrIf<F> {
    fn ask(&self, args: &A, _error: Option<&Seen>) -> Said<T, E> {
        (self.0)(args).and_then(fresh)
    }
}

impl<'a, A: ?Sized + 'a, T, E, Seen, F> AsyncStep<'a, A, T, E, Seen> for OrIf<F>
where
    F: Fn(&'a A) -> Option<Result<T, E>>,
{
    type Asking = Ready<Said<T, E>>;

    fn begin(&'a self, args: &'a A, _error: Option<&Seen>) -> Self::Asking {
        ready((self.0)(args).and_then(fresh))
    }
}

/// A value: [`Fallback::or_value`](crate::Fallback::or_value) makes it.
#[derive(Debug, Clone, Copy)]
pub struct OrValue<V>(pub(crate) V);

impl<A: ?Sized, T: Clone, E, Seen> Step<A, T, E, Seen> for OrValue<T> {
    fn ask(&self, _args: &A, _error: Option<&Seen>) -> Said<T, E> {
        fresh(Ok(self.0.clone()))
    }
}

impl<'a, A: ?Sized + 'a, T: Clone, E, Seen> AsyncStep<'a, A, T, E, Seen> for OrValue<T> {
    type Asking = Ready<Said<T, E>>;

    fn begin(&'a self, _args: &'a A, _error: Option<&Seen>) -> Self::Asking {
        ready(fresh(Ok(self.0.clone())))
    }
}

/// An async function of the arguments: made by
/// [`Fallback::or_async`](crate::Fallback::or_async).
#[derive(Debug, Clone, Copy)]
pub struct OrAsync<F>(pub(crate) F);

impl<'a, A: ?Sized + 'a, T, E, Seen, F, Fut> AsyncStep<'a, A, T, E, Seen> for OrAsync<F>
where
    F: Fn(&'a A) -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    type Asking = Fresh<Fut>;

    fn begin(&'a self, args: &'a A, _error: Option<&Seen>) -> Fresh<Fut> {
        Fresh { future: Some((self.0)(args)) }
    }
}

/// An async function of the arguments and the error: made by
/// [`Fallback::or_async_with`](crate::Fallback::or_async_with).
#[derive(Debug, Clone, Copy)]
pub struct OrAsyncWith<F>(pub(crate) F);

impl<'a, A: ?Sized + 'a, T, E, Seen, F, Fut> AsyncStep<'a, A, T, E, Seen> for OrAsyncWith<F>
where
    F: Fn(&'a A, &Seen) -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    type Asking = Fresh<Fut>;

    fn begin(&'a self, args: &'a A, error: Option<&Seen>) -> Fresh<Fut> {
        Fresh { future: error.map(|error| (self.0)(args, error)) }
    }
}

pin_project! {
    /// The future of an async layer.
    #[derive(Debug)]
    pub struct Fresh<F> {
        #[pin]
        future: Option<F>,
    }
}

impl<T, E, F: Future<Output = Result<T, E>>> Future for Fresh<F> {
    type Output = Said<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Said<T, E>> {
        Poll::Ready(match self.project().future.as_pin_mut() {
            Some(future) => fresh(done!(future.poll(cx))),
            None => None,
        })
    }
}
