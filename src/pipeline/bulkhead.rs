//! A bulkhead as a layer of a pipeline.

use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use crate::{
    error::{CallError, Limited},
    limit::{
        bulkhead::{bulkhead::Bulkhead, place::Place},
        pressure::heed::Spares,
    },
    observe::{DefaultObserver, Observer},
    pipeline::{
        Pipeline,
        context::CallContext,
        layer::{AsyncLayer, Inner, Layer, Stack, SyncLayer},
    },
};

/// A bulkhead as a layer of a pipeline, to be named in the type of a `static`.
#[derive(Debug)]
pub struct BulkheadLayer<'b, O = DefaultObserver> {
    bulkhead: &'b Bulkhead<O>,
}

// Not derived: that would ask for `O: Copy`.
impl<O> Clone for BulkheadLayer<'_, O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<O> Copy for BulkheadLayer<'_, O> {}

impl<L: Copy> Pipeline<L> {
    /// Adds a limit of calls in flight inside the layers so far. What comes inside it
    /// holds a place until it has ended, or is dropped.
    ///
    /// Outside of a retry, a place is held through all attempts and delays; inside of it,
    /// each attempt asks anew. A call that finds no place ends in
    /// [`CallError::Limited`], which a breaker outside of it ignores.
    ///
    /// ```
    /// use fusebox::{Bulkhead, CallError, Pipeline};
    ///
    /// static WORKERS: Bulkhead = Bulkhead::new(1);
    ///
    /// let price = Pipeline::new().bulkhead(&WORKERS);
    /// let answer = price.call("42", |text| {
    ///     // The one place is taken by this call.
    ///     assert!(matches!(price.call("1", |_| Ok::<_, ()>(1)), Err(CallError::Limited(_))));
    ///     text.parse::<u32>()
    /// });
    /// assert_eq!(answer, Ok(42));
    /// ```
    #[must_use]
    pub const fn bulkhead<O>(
        self,
        bulkhead: &Bulkhead<O>,
    ) -> Pipeline<Stack<L, BulkheadLayer<'_, O>>> {
        self.inside(BulkheadLayer { bulkhead })
    }
}

impl<'b, O: Observer> BulkheadLayer<'b, O> {
    /// Takes a place, of as many as there are while a host is under pressure.
    #[inline]
    fn admit(self, spares: Option<&Spares<'_>>) -> Result<Place<'b, O>, Limited> {
        match spares {
            None => self.bulkhead.try_acquire(),
            Some(spares) => self.bulkhead.try_acquire_within(spares.percent()),
        }
    }
}

impl<O> Layer for BulkheadLayer<'_, O> {}

impl<A: ?Sized, T, E, O: Observer> SyncLayer<A, T, E> for BulkheadLayer<'_, O> {
    #[inline]
    fn call<'a>(
        &self,
        context: CallContext<'a, '_, A, E>,
        mut inner: impl FnMut(CallContext<'a, '_, A, E>) -> Result<T, CallError<E>>,
    ) -> Result<T, CallError<E>> {
        let _place = self.admit(context.spares)?;
        inner(context)
    }
}

impl<'a, A, I, O> AsyncLayer<'a, A, I> for BulkheadLayer<'_, O>
where
    A: ?Sized,
    I: Inner<'a, A>,
    O: Observer + 'a,
{
    type Call = BulkheadCall<'a, I::Call, O>;

    #[inline]
    fn start(&'a self, context: CallContext<'a, '_, A, I::Error>, inner: I) -> Self::Call {
        match self.admit(context.spares) {
            Ok(place) => {
                BulkheadCall { call: Some(inner.start(context)), place: Some(place), limited: None }
            }
            Err(limited) => BulkheadCall { call: None, place: None, limited: Some(limited) },
        }
    }
}

pin_project! {
    /// A call in a bulkhead, admitted or not.
    #[must_use = "futures do nothing unless polled"]
    pub struct BulkheadCall<'a, F, O> {
        // Dropped before its place is given back.
        #[pin]
        call: Option<F>,
        place: Option<Place<'a, O>>,
        limited: Option<Limited>,
    }
}

impl<T, E, F, O> Future for BulkheadCall<'_, F, O>
where
    F: Future<Output = Result<T, CallError<E>>>,
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
        *this.place = None;
        Poll::Ready(result)
    }
}
