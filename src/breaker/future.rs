//! Drives a breaker for an asynchronous call, on any runtime.

use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::{
    breaker::{
        CircuitBreaker,
        permit::{CallGuard, Permit},
        word::Word,
    },
    error::CallError,
    observe::Observer,
    time::Clock,
};

impl<C: Clock, O: Observer> CircuitBreaker<C, O> {
    /// Awaits `future` if the breaker admits it, which is asked when the
    /// returned future is first polled: a rejected call is never polled.
    ///
    /// Every `Err` is a failure, and so is a panic. Dropped before it is done,
    /// the call counts for nothing and gives a probe's place back.
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker};
    /// # use std::{future::Future, pin::pin, task::{Context, Waker}};
    ///
    /// static API: CircuitBreaker = CircuitBreaker::named("api", BreakerConfig::new().build());
    ///
    /// async fn fetch() -> Result<u32, std::io::Error> {
    ///     Ok(7)
    /// }
    /// # let done = pin!(async {
    /// assert_eq!(API.call_async(fetch()).await.unwrap(), 7);
    /// # }).poll(&mut Context::from_waker(Waker::noop()));
    /// # assert!(done.is_ready());
    /// ```
    #[inline]
    pub fn call_async<T, E, F>(&self, future: F) -> CallAsync<'_, F, fn(&E) -> bool, C, O>
    where
        F: Future<Output = Result<T, E>>,
    {
        self.call_async_if(|_| true, future)
    }

    /// Awaits `future` if the breaker admits it. Of its errors, those count as
    /// failures for which `expect` holds; the others neither count nor reset.
    #[inline]
    pub fn call_async_if<T, E, F, P>(&self, expect: P, future: F) -> CallAsync<'_, F, P, C, O>
    where
        F: Future<Output = Result<T, E>>,
        P: FnOnce(&E) -> bool,
    {
        CallAsync {
            breaker: self,
            word: Word(0),
            stage: Stage::Unasked,
            expect: Some(expect),
            future,
        }
    }
}

pin_project! {
    /// The future of [`CircuitBreaker::call_async`].
    #[must_use = "futures do nothing unless polled"]
    pub struct CallAsync<'a, F, P, C: Clock, O: Observer> {
        breaker: &'a CircuitBreaker<C, O>,
        // Of its permit, while it has one.
        word: Word,
        stage: Stage,
        expect: Option<P>,
        #[pin]
        future: F,
    }

    impl<F, P, C: Clock, O: Observer> PinnedDrop for CallAsync<'_, F, P, C, O> {
        fn drop(this: Pin<&mut Self>) {
            if this.stage == Stage::Admitted {
                drop(Permit::new(this.breaker, this.word));
            }
        }
    }
}

/// Not a permit, but its parts: the compiler then sees that a call which is
/// ready at once has none to drop.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Unasked,
    Admitted,
    Done,
}

impl<T, E, F, P, C, O> Future for CallAsync<'_, F, P, C, O>
where
    F: Future<Output = Result<T, E>>,
    P: FnOnce(&E) -> bool,
    C: Clock,
    O: Observer,
{
    type Output = Result<T, CallError<E>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // Done while user code runs: a panic finds the guard, and a future
        // polled after it is done or panicked finds nothing.
        let permit = match core::mem::replace(this.stage, Stage::Done) {
            Stage::Unasked => this.breaker.try_acquire()?,
            Stage::Admitted => Permit::new(this.breaker, *this.word),
            Stage::Done => panic!("a guarded call was polled after it was done"),
        };
        let guard = CallGuard::new(permit);
        match this.future.poll(cx) {
            Poll::Pending => {
                (_, *this.word) = guard.into_parts();
                *this.stage = Stage::Admitted;
                Poll::Pending
            }
            Poll::Ready(result) => {
                let expect = |error: &E| this.expect.take().is_none_or(|expect| expect(error));
                Poll::Ready(guard.report(expect, result))
            }
        }
    }
}
