//! A fallback around a service.

use core::{
    fmt::Debug,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    bypass,
    fallback::{
        Fallback,
        chain::{AsyncChain, NoLayer, Slots},
        future::is_kept_out,
    },
    observe::{DefaultObserver, Observer},
};

/// Answers in place of a service that failed, by a [`Fallback`] whose layers are
/// functions of the request.
///
/// The request is cloned before the call, as the service consumes it. The
/// service's own readiness counts, and an error there is not rescued: it says
/// that the service is gone. Where the layers come
/// [first](Fallback::cheap_when), the service's future is made, and polled only if none of
/// them answers. A layer's future borrows nothing from the request:
/// take from it what the future needs.
///
/// ```
/// # async fn example() {
/// use fusebox::{Fallback, tower::FallbackLayer};
/// use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
///
/// fn cached(id: &u32) -> Result<u32, &'static str> {
///     Ok(id * 2)
/// }
///
/// let mut service = ServiceBuilder::new()
///     .layer(FallbackLayer::new(Fallback::new().or(cached)))
///     .service(service_fn(|_: u32| async { Err::<u32, _>("down") }));
/// assert_eq!(service.ready().await.unwrap().call(21).await, Ok(42));
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct FallbackLayer<F = NoLayer, O = DefaultObserver> {
    fallback: Fallback<F, O>,
}

impl<F, O> FallbackLayer<F, O> {
    /// Makes a layer of `fallback`.
    #[must_use]
    pub const fn new(fallback: Fallback<F, O>) -> Self {
        Self { fallback }
    }
}

impl<S, F: Clone, O: Clone> Layer<S> for FallbackLayer<F, O> {
    type Service = FallbackService<S, F, O>;

    fn layer(&self, inner: S) -> Self::Service {
        FallbackService { inner, fallback: self.fallback.clone() }
    }
}

/// A service with a fallback. [`FallbackLayer`] makes it.
#[derive(Debug, Clone, Copy)]
pub struct FallbackService<S, F, O = DefaultObserver> {
    inner: S,
    fallback: Fallback<F, O>,
}

impl<S, F, O, Request> Service<Request> for FallbackService<S, F, O>
where
    S: Service<Request>,
    S::Error: Debug,
    Request: Clone,
    F: OwnedChain<Request, S::Response, S::Error, S::Error> + Clone,
    O: Observer + Clone,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = FallbackFuture<
        S::Future,
        Request,
        Fallback<F, O>,
        F::Errors,
        F::Asking,
        S::Response,
        S::Error,
    >;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let layers = &self.fallback.layers;
        let rescue = (layers.comes_first_async() && !bypass::fallbacks()).then(|| layers.stage());
        let copy = request.clone();
        let call = self.inner.call(request);
        FallbackFuture {
            request: copy,
            fallback: self.fallback.clone(),
            slots: F::Errors::default(),
            answer: None,
            stage: match rescue {
                None => Stage::Calling { call },
                Some(rescue) => Stage::Cheap { rescue, call: Some(call) },
            },
        }
    }
}

pin_project! {
    /// The future of a [`FallbackService`].
    #[must_use = "futures do nothing unless polled"]
    pub struct FallbackFuture<C, Request, R, L, G, T, E> {
        request: Request,
        fallback: R,
        slots: L,
        // The service's own, which wants another in its place.
        answer: Option<Result<T, E>>,
        #[pin]
        stage: Stage<C, G>,
    }
}

pin_project! {
    #[project = StageProjection]
    enum Stage<C, G> {
        // The layers come first; the call has not been polled.
        Cheap { #[pin] rescue: G, call: Option<C> },
        // No layer has answered.
        Last { #[pin] call: C },
        Calling { #[pin] call: C },
        Rescuing { #[pin] rescue: G },
    }
}

impl<C, Request, F, O, L, G, T, E> Future for FallbackFuture<C, Request, Fallback<F, O>, L, G, T, E>
where
    C: Future<Output = Result<T, E>>,
    E: Debug,
    F: OwnedChain<Request, T, E, E, Errors = L, Asking = G>,
    L: Slots<E>,
    O: Observer,
{
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let layers = &this.fallback.layers;
        loop {
            match this.stage.as_mut().project() {
                StageProjection::Calling { call } => match ready!(call.poll(cx)) {
                    Ok(response) if !layers.wants_async(Ok(&response)) => {
                        layers.note_async(this.request, &response);
                        return Poll::Ready(Ok(response));
                    }
                    answer if bypass::fallbacks() || is_kept_out(layers, &answer) => {
                        return Poll::Ready(answer);
                    }
                    answer => {
                        *this.answer = Some(answer);
                        this.stage.set(Stage::Rescuing { rescue: layers.stage() });
                    }
                },
                StageProjection::Cheap { rescue, call } => {
                    let (request, slots) = (&*this.request, &mut *this.slots);
                    let rescued = layers.poll_rescue(request, None, None, slots, rescue, cx);
                    if let Some(rescued) = ready!(rescued) {
                        return Poll::Ready(Ok(this.fallback.came_first(None, rescued, slots)));
                    }
                    let call = call.take().expect("polled after it was done");
                    this.stage.set(Stage::Last { call });
                }
                StageProjection::Last { call } => {
                    let answer = ready!(call.poll(cx));
                    match &answer {
                        Ok(response) if !layers.wants_async(Ok(response)) => {
                            layers.note_async(this.request, response);
                        }
                        answer if is_kept_out(layers, answer) => {}
                        answer => this.fallback.none_answered(F::LAYERS, None, answer, this.slots),
                    }
                    return Poll::Ready(answer);
                }
                StageProjection::Rescuing { rescue } => {
                    let answer = this.answer.as_ref().expect("polled after it was done");
                    let error = answer.as_ref().err();
                    let rescued = ready!(layers.poll_rescue(
                        this.request,
                        error,
                        None,
                        this.slots,
                        rescue,
                        cx
                    ));
                    let answer = this.answer.take().expect("it was there just now");
                    return Poll::Ready(this.fallback.finish(
                        F::LAYERS,
                        None,
                        rescued,
                        answer,
                        this.slots,
                    ));
                }
            }
        }
    }
}

/// Layers of which no future borrows from the arguments or from the layers:
/// whoever owns both can ask them.
pub trait OwnedChain<A: ?Sized, T, E, Seen>:
    for<'a> AsyncChain<'a, A, T, E, Seen, Slots = Self::Errors, Stage = Self::Asking>
{
    #[doc(hidden)]
    type Errors: Slots<Seen> + Default;
    #[doc(hidden)]
    type Asking;
}

impl<A: ?Sized, T, E, Seen, X, L, G> OwnedChain<A, T, E, Seen> for X
where
    X: for<'a> AsyncChain<'a, A, T, E, Seen, Slots = L, Stage = G>,
    L: Slots<Seen> + Default,
{
    type Errors = L;
    type Asking = G;
}
