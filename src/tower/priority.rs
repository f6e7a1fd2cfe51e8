//! A priority around a service.

use core::task::{Context, Poll};

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::overload::{priority::Priority, scope::PriorityFuture};

/// Finds the priority of a request.
#[diagnostic::on_unimplemented(
    message = "a priority cannot be found in a `{Request}`",
    note = "give the layer a function: `PriorityLayer::of(|request| …)`; with the feature `http`, `PriorityLayer::from_headers()` reads those of an `http::Request`"
)]
pub trait FindPriority<Request> {
    /// The priority, where the request has one.
    #[doc(hidden)]
    fn find(&self, request: &mut Request) -> Option<Priority>;

    /// That of every request, where they have one in common.
    #[doc(hidden)]
    fn of_all(&self) -> Option<Priority> {
        None
    }
}

/// A function finds it.
#[derive(Debug, Clone, Copy)]
pub struct FoundBy<F>(F);

impl<Request, F: Fn(&Request) -> Priority> FindPriority<Request> for FoundBy<F> {
    fn find(&self, request: &mut Request) -> Option<Priority> {
        Some((self.0)(request))
    }
}

/// Every request has the same.
impl<Request> FindPriority<Request> for Priority {
    fn find(&self, _request: &mut Request) -> Option<Priority> {
        Some(*self)
    }

    fn of_all(&self) -> Option<Priority> {
        Some(*self)
    }
}

/// The extension of an HTTP request has it, or its headers.
#[cfg(feature = "http")]
#[derive(Debug, Clone, Copy)]
pub struct InHeaders {
    at_most: Priority,
}

#[cfg(feature = "http")]
impl<B> FindPriority<http::Request<B>> for InHeaders {
    fn find(&self, request: &mut http::Request<B>) -> Option<Priority> {
        if let Some(known) = request.extensions().get::<Priority>() {
            return Some(*known);
        }
        // A header that means nothing is none.
        let told = crate::http::read_priority(request.headers()).ok()??.min(self.at_most);
        request.extensions_mut().insert(told);
        Some(told)
    }
}

/// Gives the calls of a service their priority.
///
/// A request runs in the [scope](Priority::scope) of its priority: whatever turns calls away
/// inside this layer turns those of a lower one away first, and [`Priority::current`] is what
/// to hand on. A request without one runs in the scope in which it is sent.
///
/// **Put it outside of breakers and limits**, and read their order from the outside in. A
/// task that the service spawns is outside of the scope, as is what runs behind tower's
/// `buffer`: put this layer inside of it.
///
/// ```
/// # async fn example() {
/// use fusebox::{Priority, tower::PriorityLayer};
/// use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
///
/// struct Query { interactive: bool }
///
/// let priority = |query: &Query| {
///     if query.interactive { Priority::CRITICAL } else { Priority::BACKGROUND }
/// };
/// let mut service = ServiceBuilder::new()
///     .layer(PriorityLayer::of(priority))
///     .service(service_fn(|_: Query| async { Ok::<_, std::io::Error>(Priority::current()) }));
/// let answer = service.ready().await.unwrap().call(Query { interactive: false }).await;
/// assert_eq!(answer.unwrap(), Priority::BACKGROUND);
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct PriorityLayer<F> {
    find: F,
}

impl PriorityLayer<Priority> {
    /// Makes a layer that gives every request the same priority: all that a nightly job
    /// sends, say.
    #[must_use]
    pub const fn new(priority: Priority) -> Self {
        Self { find: priority }
    }
}

impl<F> PriorityLayer<FoundBy<F>> {
    /// Makes a layer that finds a request's priority by a function, a
    /// `Fn(&Request) -> Priority`.
    #[must_use]
    pub const fn of<Request>(find: F) -> Self
    where
        F: Fn(&Request) -> Priority,
    {
        Self { find: FoundBy(find) }
    }
}

#[cfg(feature = "http")]
impl PriorityLayer<InHeaders> {
    /// Makes a layer that reads an HTTP request's priority from its headers
    /// ([`read_priority`](crate::http::read_priority)) and puts it into the request's
    /// extensions, as a [`Priority`]. Where one is there already, it holds, and the headers
    /// are not read. A header that is not what it should be counts as none.
    ///
    /// Whoever sends the request chooses what its header says: see [`at_most`](Self::at_most).
    ///
    /// ```
    /// # async fn example() {
    /// use fusebox::{Priority, tower::PriorityLayer};
    /// use http::Request;
    /// use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
    ///
    /// let mut service = ServiceBuilder::new()
    ///     .layer(PriorityLayer::from_headers())
    ///     .service(service_fn(|_: Request<()>| async {
    ///         Ok::<_, std::io::Error>(Priority::current())
    ///     }));
    /// let request = Request::builder().header("x-fusebox-priority", "critical").body(()).unwrap();
    /// assert_eq!(service.ready().await.unwrap().call(request).await.unwrap(), Priority::CRITICAL);
    /// # }
    /// ```
    #[must_use]
    pub const fn from_headers() -> Self {
        Self { find: InHeaders { at_most: Priority::new(u8::MAX) } }
    }

    /// Takes a header for no more than this: for requests from outside, whose senders would
    /// all be critical. What an extension says is taken as it is.
    #[must_use]
    pub const fn at_most(self, priority: Priority) -> Self {
        Self { find: InHeaders { at_most: priority } }
    }
}

impl<S, F: Clone> Layer<S> for PriorityLayer<F> {
    type Service = PriorityService<S, F>;

    fn layer(&self, inner: S) -> Self::Service {
        PriorityService { inner, find: self.find.clone() }
    }
}

/// A service whose calls have a priority. [`PriorityLayer`] makes it.
#[derive(Debug, Clone, Copy)]
pub struct PriorityService<S, F> {
    inner: S,
    find: F,
}

impl<S, Request, F> Service<Request> for PriorityService<S, F>
where
    S: Service<Request>,
    F: FindPriority<Request>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Prioritized<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        // A service may admit the next call here.
        let _scope = self.find.of_all().map(Priority::enter);
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let Some(priority) = self.find.find(&mut request) else {
            return Prioritized::Without { call: self.inner.call(request) };
        };
        // What is done before the first poll is in the scope, too.
        let call = {
            let _scope = priority.enter();
            self.inner.call(request)
        };
        Prioritized::Within { call: priority.scope(call) }
    }
}

pin_project! {
    /// The future of a [`PriorityService`].
    #[project = PrioritizedProjection]
    #[must_use = "futures do nothing unless polled"]
    pub enum Prioritized<F> {
        /// In the scope of a priority.
        #[doc(hidden)]
        Within {
            #[pin]
            call: PriorityFuture<F>,
        },
        /// In the scope in which it is sent.
        #[doc(hidden)]
        Without {
            #[pin]
            call: F,
        },
    }
}

impl<F: Future> Future for Prioritized<F> {
    type Output = F::Output;

    fn poll(self: core::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        match self.project() {
            PrioritizedProjection::Within { call } => call.poll(cx),
            PrioritizedProjection::Without { call } => call.poll(cx),
        }
    }
}
