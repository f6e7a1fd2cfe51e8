//! An adaptive limit as a layer of a pipeline.

use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use crate::{
    error::{CallError, Limited},
    limit::adaptive::{
        adaptive_limit::AdaptiveLimit,
        ticket::{Load, Ticket},
    },
    observe::{DefaultObserver, Observer},
    pipeline::{
        Pipeline,
        context::CallContext,
        layer::{AsyncLayer, Inner, Layer, Stack, SyncLayer},
    },
    time::{Clock, DefaultClock},
};

/// An adaptive limit as a layer of a pipeline, to be named in the type of a `static`.
#[derive(Debug)]
pub struct AdaptiveLayer<'b, C = DefaultClock, O = DefaultObserver, J = Answers> {
    limit: &'b AdaptiveLimit<C, O>,
    judge: J,
}

// Not derived: that would ask for `C: Copy` and `O: Copy`.
impl<C, O, J: Clone> Clone for AdaptiveLayer<'_, C, O, J> {
    fn clone(&self) -> Self {
        Self { limit: self.limit, judge: self.judge.clone() }
    }
}

impl<C, O, J: Copy> Copy for AdaptiveLayer<'_, C, O, J> {}

/// What an answer says of how busy the service is: a `Fn(Result<&T, &E>) -> Load`.
pub trait LoadJudge<T, E> {
    /// Judges an answer.
    #[doc(hidden)]
    fn load(&self, answer: Result<&T, &E>) -> Load;
}

/// Each answer was served, and an error says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Answers;

impl<T, E> LoadJudge<T, E> for Answers {
    #[inline]
    fn load(&self, answer: Result<&T, &E>) -> Load {
        if answer.is_ok() { Load::Served } else { Load::Unknown }
    }
}

impl<T, E, F: Fn(Result<&T, &E>) -> Load> LoadJudge<T, E> for F {
    #[inline]
    fn load(&self, answer: Result<&T, &E>) -> Load {
        self(answer)
    }
}

/// A call that was not made says nothing.
fn load<T, E>(judge: &impl LoadJudge<T, E>, answer: &Result<T, CallError<E>>) -> Load {
    match answer {
        Ok(value) => judge.load(Ok(value)),
        Err(CallError::Failed(error)) => judge.load(Err(error)),
        Err(_) => Load::Unknown,
    }
}

#[allow(clippy::type_complexity)] // the type is the list of the layers
impl<L: Copy> Pipeline<L> {
    /// Adds a limit of calls in flight that is found out, inside the layers so far. What
    /// comes inside it is measured, and holds a place until it has ended, or is dropped.
    ///
    /// An error says nothing of how busy the service is, as most come faster than an
    /// answer, or are the caller's own. With
    /// [`adaptive_judged`](Self::adaptive_judged) you say which ones do.
    ///
    /// **Put it inside a retry**: the delays between attempts are no work of the service.
    ///
    /// ```
    /// use fusebox::{AdaptiveConfig, AdaptiveLimit, Pipeline};
    ///
    /// static SHOP: AdaptiveLimit = AdaptiveLimit::new(AdaptiveConfig::new().build());
    ///
    /// let price = Pipeline::new().adaptive(&SHOP);
    /// assert_eq!(price.call("42", |text| text.parse::<u32>()), Ok(42));
    /// assert_eq!(SHOP.in_flight(), 0);
    /// ```
    #[must_use]
    pub const fn adaptive<C, O>(
        self,
        limit: &AdaptiveLimit<C, O>,
    ) -> Pipeline<Stack<L, AdaptiveLayer<'_, C, O>>> {
        self.inside(AdaptiveLayer { limit, judge: Answers })
    }

    /// Adds a limit of calls in flight that is found out, inside the layers so far.
    /// `judge`, a `Fn(Result<&T, &E>) -> Load`, says what each answer says of how busy the
    /// service is.
    ///
    /// ```
    /// use fusebox::{AdaptiveConfig, AdaptiveLimit, Load, Pipeline};
    ///
    /// static SHOP: AdaptiveLimit = AdaptiveLimit::new(AdaptiveConfig::new().build());
    ///
    /// fn busy(answer: Result<&u16, &&str>) -> Load {
    ///     match answer {
    ///         Ok(429 | 503) => Load::Overloaded,
    ///         Ok(_) => Load::Served,
    ///         Err(_) => Load::Unknown,
    ///     }
    /// }
    /// let shop = Pipeline::new().adaptive_judged(&SHOP, busy);
    /// assert_eq!(shop.call("/", |_: &str| Ok(503)), Ok(503));
    /// ```
    #[must_use]
    pub const fn adaptive_judged<C, O, J>(
        self,
        limit: &AdaptiveLimit<C, O>,
        judge: J,
    ) -> Pipeline<Stack<L, AdaptiveLayer<'_, C, O, J>>> {
        self.inside(AdaptiveLayer { limit, judge })
    }
}

impl<C, O, J> Layer for AdaptiveLayer<'_, C, O, J> {}

impl<A, T, E, C, O, J> SyncLayer<A, T, E> for AdaptiveLayer<'_, C, O, J>
where
    A: ?Sized,
    C: Clock,
    O: Observer,
    J: LoadJudge<T, E>,
{
    #[inline]
    fn call<'a>(
        &self,
        context: CallContext<'a, '_, A, E>,
        mut inner: impl FnMut(CallContext<'a, '_, A, E>) -> Result<T, CallError<E>>,
    ) -> Result<T, CallError<E>> {
        let ticket = self.limit.try_acquire()?;
        let result = inner(context);
        ticket.report(load(&self.judge, &result));
        result
    }
}

impl<'a, A, I, C, O, J> AsyncLayer<'a, A, I> for AdaptiveLayer<'_, C, O, J>
where
    A: ?Sized,
    I: Inner<'a, A>,
    C: Clock + 'a,
    O: Observer + 'a,
    J: LoadJudge<I::Value, I::Error> + 'a,
{
    type Call = AdaptiveCall<'a, I::Call, C, O, J>;

    #[inline]
    fn start(&'a self, context: CallContext<'a, '_, A, I::Error>, inner: I) -> Self::Call {
        let judge = &self.judge;
        match self.limit.try_acquire() {
            Ok(ticket) => {
                let call = Some(inner.start(context));
                AdaptiveCall { call, ticket: Some(ticket), limited: None, judge }
            }
            Err(limited) => {
                AdaptiveCall { call: None, ticket: None, limited: Some(limited), judge }
            }
        }
    }
}

pin_project! {
    /// A call under an adaptive limit, admitted or not.
    #[must_use = "futures do nothing unless polled"]
    pub struct AdaptiveCall<'a, F, C: Clock, O: Observer, J> {
        // Dropped before its place is given back.
        #[pin]
        call: Option<F>,
        ticket: Option<Ticket<'a, C, O>>,
        limited: Option<Limited>,
        judge: &'a J,
    }
}

impl<T, E, F, C, O, J> Future for AdaptiveCall<'_, F, C, O, J>
where
    F: Future<Output = Result<T, CallError<E>>>,
    C: Clock,
    O: Observer,
    J: LoadJudge<T, E>,
{
    type Output = Result<T, CallError<E>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let Some(call) = this.call.as_mut().as_pin_mut() else {
            let limited = this.limited.take();
            return Poll::Ready(Err(limited.expect("a call was polled after it was done").into()));
        };
        let result = ready!(call.poll(cx));
        this.call.set(None);
        if let Some(ticket) = this.ticket.take() {
            ticket.report(load(*this.judge, &result));
        }
        Poll::Ready(result)
    }
}
