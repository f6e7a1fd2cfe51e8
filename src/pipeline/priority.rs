//! A priority as a layer of a pipeline.

use crate::{
    error::CallError,
    overload::{priority::Priority, scope::PriorityFuture},
    pipeline::{
        Pipeline,
        context::CallContext,
        layer::{AsyncLayer, Inner, Layer, Stack, SyncLayer},
    },
};

/// A priority as a layer of a pipeline, to be named in the type of a `static`.
#[derive(Debug, Clone, Copy)]
pub struct PriorityLayer {
    priority: Priority,
}

impl<L: Copy> Pipeline<L> {
    /// Adds a priority inside the layers so far: all that comes inside it runs in the
    /// [scope](Priority::scope) of that priority. **Put it outside of breakers and limits**,
    /// which ask for it before they admit a call. Of two, the inner one holds.
    ///
    /// It needs the `std` feature, as scopes do.
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker, Pipeline, Priority};
    ///
    /// static SHOP: CircuitBreaker = CircuitBreaker::named("shop", BreakerConfig::new().build());
    ///
    /// let nightly = Pipeline::new().priority(Priority::BACKGROUND).breaker(&SHOP);
    /// let seen = nightly.call(&(), |()| Ok::<_, &str>(Priority::current()));
    /// assert_eq!(seen, Ok(Priority::BACKGROUND));
    /// assert_eq!(Priority::current(), Priority::DEFAULT);
    /// ```
    #[must_use]
    pub const fn priority(self, priority: Priority) -> Pipeline<Stack<L, PriorityLayer>> {
        self.inside(PriorityLayer { priority })
    }
}

impl Layer for PriorityLayer {}

impl<A: ?Sized, T, E> SyncLayer<A, T, E> for PriorityLayer {
    #[inline]
    fn call<'a>(
        &'a self,
        context: CallContext<'a, '_, A, E>,
        mut inner: impl FnMut(CallContext<'a, '_, A, E>) -> Result<T, CallError<E>>,
    ) -> Result<T, CallError<E>> {
        let _scope = self.priority.enter();
        inner(context)
    }
}

impl<'a, A: ?Sized, I: Inner<'a, A>> AsyncLayer<'a, A, I> for PriorityLayer {
    type Call = PriorityFuture<I::Call>;

    #[inline]
    fn start(&'a self, context: CallContext<'a, '_, A, I::Error>, inner: I) -> Self::Call {
        // A breaker inside is asked here, before the first poll.
        let _scope = self.priority.enter();
        self.priority.scope(inner.start(context))
    }
}
