//! Another service, asked when one fails.

use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use std::fmt::Debug;
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    bypass,
    observe::{DefaultObserver, Errors, Event, FallbackUsed, Observer, One},
};

/// Answers in place of a service that failed: a function of the request and
/// the error that makes a future of a response.
///
/// The request is cloned before the call, as the service consumes it. The
/// service's own readiness counts, and an error there is not rescued: it says
/// that the service is gone.
#[derive(Debug, Clone, Copy)]
pub struct FallbackLayer<F> {
    fallback: F,
    name: Option<&'static str>,
}

impl<F> FallbackLayer<F> {
    /// `fallback` is a `Fn(Request, Error) -> impl Future<Output =
    /// Result<Response, Error>>`.
    #[must_use]
    pub const fn new(fallback: F) -> Self {
        Self { fallback, name: None }
    }

    /// A name, which its events carry.
    #[must_use]
    pub fn named(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }
}

impl<S, F: Clone> Layer<S> for FallbackLayer<F> {
    type Service = FallbackService<S, F>;

    fn layer(&self, inner: S) -> Self::Service {
        FallbackService { inner, fallback: self.fallback.clone(), name: self.name }
    }
}

/// A service with a fallback: made by [`FallbackLayer`].
#[derive(Debug, Clone, Copy)]
pub struct FallbackService<S, F> {
    inner: S,
    fallback: F,
    name: Option<&'static str>,
}

impl<S, F, G, Request> Service<Request> for FallbackService<S, F>
where
    S: Service<Request>,
    S::Error: Debug,
    Request: Clone,
    F: Fn(Request, S::Error) -> G + Clone,
    G: Future<Output = Result<S::Response, S::Error>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = FallbackFuture<S::Future, F, G, Request>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let kept = Some((request.clone(), self.fallback.clone()));
        FallbackFuture {
            stage: Stage::Calling { call: self.inner.call(request) },
            kept,
            name: self.name,
        }
    }
}

pin_project! {
    /// The future of a [`FallbackService`].
    #[must_use = "futures do nothing unless polled"]
    pub struct FallbackFuture<C, F, G, Request> {
        #[pin]
        stage: Stage<C, G>,
        // What the fallback will need.
        kept: Option<(Request, F)>,
        name: Option<&'static str>,
    }
}

pin_project! {
    #[project = StageProjection]
    enum Stage<C, G> {
        Calling { #[pin] call: C },
        Rescuing { #[pin] rescue: G },
    }
}

impl<C, F, G, Request, T, E> Future for FallbackFuture<C, F, G, Request>
where
    C: Future<Output = Result<T, E>>,
    E: Debug,
    F: Fn(Request, E) -> G,
    G: Future<Output = Result<T, E>>,
{
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.stage.as_mut().project() {
                StageProjection::Rescuing { rescue } => return rescue.poll(cx),
                StageProjection::Calling { call } => {
                    let error = match ready!(call.poll(cx)) {
                        Ok(response) => return Poll::Ready(Ok(response)),
                        Err(error) => error,
                    };
                    let kept = this.kept.take().filter(|_| !bypass::fallbacks());
                    let Some((request, fallback)) = kept else {
                        return Poll::Ready(Err(error));
                    };
                    let used = FallbackUsed {
                        policy: *this.name,
                        layer: Some(1),
                        age: None,
                        errors: Errors(&One(&error)),
                    };
                    DefaultObserver.on_event(&Event::Fallback(used));
                    this.stage.set(Stage::Rescuing { rescue: fallback(request, error) });
                }
            }
        }
    }
}
