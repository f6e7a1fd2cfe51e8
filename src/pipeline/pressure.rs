//! A host's pressure as a layer of a pipeline.

use crate::{
    error::{CallError, Limited},
    limit::pressure::heed::{Heed, Spares},
    overload::pressure::pressure::Pressure,
    pipeline::{
        Pipeline,
        context::CallContext,
        layer::{AsyncLayer, Inner, Layer, Stack, SyncLayer},
        limited::LimitedCall,
    },
    time::{Clock, DefaultClock},
};

/// A host's pressure as a layer of a pipeline, to be named in the type of a `static`.
#[derive(Debug)]
pub struct PressureLayer<'p, C = DefaultClock> {
    heed: Heed<'p, C>,
}

// Not derived: that would ask for `C: Copy`.
impl<C> Clone for PressureLayer<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for PressureLayer<'_, C> {}

impl<L: Copy> Pipeline<L> {
    /// Turns calls away while a host is under pressure, those of a lower priority first. A
    /// call that it turns away ends with [`CallError::Limited`], and counts for nothing in
    /// a breaker around it. Its priority is the [current](crate::Priority::current) one.
    ///
    /// ```
    /// use fusebox::{CallError, Pipeline, Pressure, PressureConfig, PressureReading, Priority};
    ///
    /// static HOST: Pressure = Pressure::new(PressureConfig::new().build());
    ///
    /// let report = Pipeline::new().pressure(&HOST);
    /// HOST.set(PressureReading { cpu: 950, ..PressureReading::CALM });
    /// assert_eq!(report.call(&(), |()| Ok::<_, ()>(42)), Ok(42));
    /// let nightly = Priority::BACKGROUND.enter();
    /// assert!(matches!(report.call(&(), |()| Ok::<_, ()>(42)), Err(CallError::Limited(_))));
    /// # drop(nightly);
    /// ```
    #[must_use]
    pub const fn pressure<C: Clock + Sync>(
        self,
        host: &Pressure<C>,
    ) -> Pipeline<Stack<L, PressureLayer<'_, C>>> {
        self.pressure_with(Heed::new(host).shed())
    }

    /// Heeds a host's pressure in what comes inside the layers so far, as far as a
    /// [`Heed`] says.
    #[must_use]
    pub const fn pressure_with<C>(
        self,
        heed: Heed<'_, C>,
    ) -> Pipeline<Stack<L, PressureLayer<'_, C>>> {
        self.inside(PressureLayer { heed })
    }
}

impl<C: Clock> PressureLayer<'_, C> {
    #[inline]
    fn admit(&self) -> Result<(), Limited> {
        if self.heed.sheds { self.heed.host.admit_current() } else { Ok(()) }
    }

    /// What the layers inside hear.
    #[inline]
    fn inside<'a, 'e, A: ?Sized, E>(
        &'a self,
        context: CallContext<'a, 'e, A, E>,
    ) -> CallContext<'a, 'e, A, E> {
        let own: &Spares<'a> = &self.heed.spares;
        let spares = if own.are_none() { context.spares } else { Some(own) };
        CallContext { spares, ..context }
    }
}

impl<C> Layer for PressureLayer<'_, C> {}

impl<A: ?Sized, T, E, C: Clock> SyncLayer<A, T, E> for PressureLayer<'_, C> {
    #[inline]
    fn call<'a>(
        &'a self,
        context: CallContext<'a, '_, A, E>,
        mut inner: impl FnMut(CallContext<'a, '_, A, E>) -> Result<T, CallError<E>>,
    ) -> Result<T, CallError<E>> {
        self.admit()?;
        inner(self.inside(context))
    }
}

impl<'a, A, I, C> AsyncLayer<'a, A, I> for PressureLayer<'_, C>
where
    A: ?Sized,
    I: Inner<'a, A>,
    C: Clock + 'a,
{
    type Call = LimitedCall<I::Call>;

    #[inline]
    fn start(&'a self, context: CallContext<'a, '_, A, I::Error>, inner: I) -> Self::Call {
        LimitedCall::of(self.admit().map(|()| inner.start(self.inside(context))))
    }
}
