//! A deadline as a layer of a pipeline.

use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use pin_project_lite::pin_project;

use crate::{
    error::{CallError, Limited},
    limit::deadline::{deadline::Deadline, until::Until},
    pipeline::{
        Pipeline,
        context::CallContext,
        layer::{AsyncLayer, Inner, Layer, Stack, SyncLayer},
    },
    time::Clock,
};

/// A deadline as a layer of a pipeline, to be named in the type of a `static`.
#[derive(Debug, Clone, Copy)]
pub struct DeadlineLayer<C> {
    within: Duration,
    clock: C,
}

impl<L: Copy> Pipeline<L> {
    /// Adds a deadline inside the layers so far: `within` from the beginning of each call,
    /// by the clock of the host. No attempt, delay, hedge or layer of a fallback inside it
    /// starts that cannot end before the deadline, and timeouts inside it are cut to what
    /// is left. Where the call has a nearer deadline already, that one holds.
    ///
    /// It does not stop a call that is under way; a timeout inside it does that.
    #[cfg(feature = "std")]
    #[must_use]
    pub const fn deadline(
        self,
        within: Duration,
    ) -> Pipeline<Stack<L, DeadlineLayer<crate::time::StdClock>>> {
        self.deadline_on(within, crate::time::StdClock)
    }

    /// Adds a deadline inside the layers so far: `within` from the beginning of each call,
    /// by a clock of your own. No attempt, delay, hedge or layer of a fallback inside it
    /// starts that cannot end before the deadline, and timeouts inside it are cut to what
    /// is left. Where the call has a nearer deadline already, that one holds.
    ///
    /// It does not stop a call that is under way; a timeout inside it does that.
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{CallError, Clock, DefaultObserver, ManualClock, Pipeline, Retry, RetryConfig};
    ///
    /// let clock = ManualClock::new();
    /// let settings = RetryConfig::new().unlimited().build();
    /// let retry = Retry::with(settings, &clock, &clock, DefaultObserver);
    /// let shop = Pipeline::new().deadline_on(Duration::from_secs(20), &clock).retry(retry);
    ///
    /// assert_eq!(shop.call(&(), |()| Err::<(), _>("down")), Err(CallError::Failed("down")));
    /// assert!(clock.now().as_millis() < 20_000);
    /// ```
    #[must_use]
    pub const fn deadline_on<C>(
        self,
        within: Duration,
        clock: C,
    ) -> Pipeline<Stack<L, DeadlineLayer<C>>> {
        self.inside(DeadlineLayer { within, clock })
    }
}

impl<C: Clock + Sync> DeadlineLayer<C> {
    /// The nearer one of its own deadline and that of the call.
    fn until<'a>(&'a self, outer: Option<Until<'a>>) -> Until<'a> {
        Deadline::after(self.within, &self.clock).on(&self.clock).earlier_of(outer)
    }
}

impl<C> Layer for DeadlineLayer<C> {}

impl<A: ?Sized, T, E, C: Clock + Sync> SyncLayer<A, T, E> for DeadlineLayer<C> {
    #[inline]
    fn call<'a>(
        &'a self,
        context: CallContext<'a, '_, A, E>,
        mut inner: impl FnMut(CallContext<'a, '_, A, E>) -> Result<T, CallError<E>>,
    ) -> Result<T, CallError<E>> {
        let until = self.until(context.until);
        until.admit()?;
        inner(CallContext { until: Some(until), ..context })
    }
}

impl<'a, A, I, C> AsyncLayer<'a, A, I> for DeadlineLayer<C>
where
    A: ?Sized,
    I: Inner<'a, A>,
    C: Clock + Sync + 'a,
{
    type Call = DeadlineCall<I::Call>;

    #[inline]
    fn start(&'a self, context: CallContext<'a, '_, A, I::Error>, inner: I) -> Self::Call {
        let until = self.until(context.until);
        match until.admit() {
            Ok(()) => {
                let call = inner.start(CallContext { until: Some(until), ..context });
                DeadlineCall::Made { call }
            }
            Err(limited) => DeadlineCall::Over { limited },
        }
    }
}

pin_project! {
    /// A call with a deadline, made or not.
    #[project = DeadlineProjection]
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub enum DeadlineCall<F> {
        /// Under way.
        #[doc(hidden)]
        Made {
            #[pin]
            call: F,
        },
        /// Not made.
        #[doc(hidden)]
        Over { limited: Limited },
    }
}

impl<T, E, F: Future<Output = Result<T, CallError<E>>>> Future for DeadlineCall<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            DeadlineProjection::Made { call } => call.poll(cx),
            DeadlineProjection::Over { limited } => Poll::Ready(Err((*limited).into())),
        }
    }
}
