//! The policy itself: how it is made, and what it does around a sync call.

use core::fmt::Debug;

use crate::{
    bypass,
    fallback::{
        chain::{
            Chain, CheapWhen, Errors, FromOwn, NoLayer, OnlyWhen, Rescued, Slots, Then, Trail,
        },
        report::Report,
        step::{Answer, Or, OrAsync, OrAsyncWith, OrIf, OrValue, OrWith},
    },
    limit::{deadline::until::Until, pressure::under::Under},
    observe::{DefaultObserver, Observer, Tally},
    overload::pressure::{level::PressureLevel, pressure::Pressure},
    time::Clock,
};

/// Asks one layer after another when a call fails, until one answers.
///
/// A layer is a function of the call's own arguments, and of the last error
/// where it wants to know it. Where all fail, the last error comes back; a
/// WARN event carries every layer's.
///
/// ```
/// use fusebox::Fallback;
///
/// struct Task { words: &'static str }
///
/// fn model(_: &Task) -> Result<usize, &'static str> { Err("model is down") }
/// fn heuristic(task: &Task) -> Result<usize, &'static str> {
///     if task.words.is_empty() { Err("no words") } else { Ok(task.words.len()) }
/// }
/// fn basic(_: &Task) -> Result<usize, &'static str> { Ok(0) }
///
/// let infer = Fallback::new().or(heuristic).or(basic);
/// assert_eq!(infer.call(&Task { words: "fix it" }, model), Ok(6));
/// assert_eq!(infer.call(&Task { words: "" }, model), Ok(0));
/// ```
///
/// A layer of async functions needs an async call; under a sync one it does
/// not compile:
///
/// ```compile_fail,E0277
/// # use fusebox::Fallback;
/// async fn remote(_: &u32) -> Result<u32, ()> { Ok(1) }
/// let answer: Result<u32, ()> = Fallback::new().or_async(remote).call(&1, |_| Err(()));
/// ```
///
/// A layer that owns what it captures is added last: what is added to a fallback
/// in a `const` cannot drop it, so all that the fallback has already must be
/// `Copy`.
#[derive(Debug, Clone, Copy)]
pub struct Fallback<S = NoLayer, O = DefaultObserver> {
    pub(crate) layers: S,
    name: Option<&'static str>,
    silent: bool,
    observer: O,
}

impl Fallback {
    /// Makes a fallback without layers, which hands every error on.
    #[must_use]
    pub const fn new() -> Self {
        Self { layers: NoLayer(Errors), name: None, silent: false, observer: DefaultObserver }
    }

    /// Makes a fallback for those answers of a call for which `wants`, a
    /// `Fn(Result<&T, &E>) -> bool`, holds. A response can want another in its
    /// place, as a 503 does, and an error can be kept out, so that it reaches the
    /// caller. In a [`Pipeline`](crate::Pipeline) the error is a
    /// [`CallError<E>`](crate::CallError).
    ///
    /// If no layer answers, a response that wanted another comes back itself.
    /// Layers that see the last error are not asked while there is none.
    ///
    /// ```
    /// use fusebox::Fallback;
    ///
    /// let outage = |answer: Result<&u16, &&str>| matches!(answer, Ok(503) | Err(&"timeout"));
    /// let page = Fallback::when(outage).or(|_: &str| Ok(200));
    /// assert_eq!(page.call("/", |_| Ok(503)), Ok(200));
    /// assert_eq!(page.call("/", |_| Err("timeout")), Ok(200));
    /// assert_eq!(page.call("/", |_| Err("no such user")), Err("no such user"));
    /// ```
    #[must_use]
    pub const fn when<T, E, F>(wants: F) -> Fallback<NoLayer<OnlyWhen<F>>>
    where
        F: Fn(Result<&T, &E>) -> bool,
    {
        let layers = NoLayer(OnlyWhen(wants));
        Fallback { layers, name: None, silent: false, observer: DefaultObserver }
    }
}

impl<W: Copy, O: Copy> Fallback<NoLayer<W>, O> {
    /// Asks the layers *before* the call while a host's pressure is at least at this
    /// level: the cheap answer comes first. The call itself is made only where no layer
    /// answers, and what it says is then the last word. It is to be said before layers are
    /// added.
    ///
    /// Layers that see the error decline, as there is none yet. The event of an answer
    /// that came first has no error of the call's own.
    ///
    /// ```
    /// use fusebox::{Fallback, Pressure, PressureConfig, PressureLevel, PressureReading};
    ///
    /// static HOST: Pressure = Pressure::new(PressureConfig::new().build());
    ///
    /// fn cached(id: &u32) -> Option<Result<u32, &'static str>> {
    ///     (*id == 7).then_some(Ok(70))
    /// }
    /// let price = Fallback::new().cheap_when(&HOST, PressureLevel::Raised).or_if(cached);
    /// assert_eq!(price.call(&7, |_| Ok(71)), Ok(71));
    /// HOST.set(PressureReading { cpu: 900, ..PressureReading::CALM });
    /// assert_eq!(price.call(&7, |_| Ok(71)), Ok(70)); // without the call
    /// assert_eq!(price.call(&8, |_| Ok(80)), Ok(80));
    /// ```
    #[must_use]
    pub const fn cheap_when<C: Clock + Sync>(
        self,
        host: &Pressure<C>,
        from: PressureLevel,
    ) -> Fallback<NoLayer<CheapWhen<'_, W>>, O> {
        let Self { layers: NoLayer(wants), name, silent, observer } = self;
        let layers = NoLayer(CheapWhen { wants, under: Under::new(host, from) });
        Fallback { layers, name, silent, observer }
    }
}

impl Default for Fallback {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Copy, O: Copy> Fallback<S, O> {
    /// Adds a layer, a `Fn(&A) -> Result<T, E>`, which is asked when those
    /// before it have failed.
    #[must_use]
    pub const fn or<A, T, E, F>(self, layer: F) -> Fallback<Then<S, Or<F>>, O>
    where
        A: ?Sized,
        F: Fn(&A) -> Result<T, E>,
    {
        self.then(Or(layer))
    }

    /// Adds a layer that may decline: a `Fn(&A) -> Option<Result<T, E>>`, which
    /// returns `None` where it has no answer. The next layer is asked then, and
    /// no error is left.
    ///
    /// ```
    /// use fusebox::Fallback;
    ///
    /// fn known(id: &u32) -> Option<Result<u32, &'static str>> {
    ///     (*id == 7).then_some(Ok(70))
    /// }
    /// let price = Fallback::new().or_if(known).or_value(0);
    /// assert_eq!(price.call(&7, |_| Err("down")), Ok(70));
    /// assert_eq!(price.call(&8, |_| Err("down")), Ok(0));
    /// ```
    #[must_use]
    pub const fn or_if<A, T, E, F>(self, layer: F) -> Fallback<Then<S, OrIf<F>>, O>
    where
        A: ?Sized,
        F: Fn(&A) -> Option<Result<T, E>>,
    {
        self.then(OrIf(layer))
    }

    /// Adds a layer that answers with a clone of `value`, as the last layer
    /// often does.
    ///
    /// ```
    /// use fusebox::Fallback;
    ///
    /// let price = Fallback::new().or_value(0);
    /// assert_eq!(price.call("shop", |_| Err("down")), Ok(0));
    /// ```
    #[must_use]
    pub const fn or_value<V: Clone>(self, value: V) -> Fallback<Then<S, OrValue<V>>, O> {
        self.then(OrValue(value))
    }

    /// Adds a layer that sees the last error: a `Fn(&A, &E) -> Result<T, E>`,
    /// or in a [`Pipeline`](crate::Pipeline) a `Fn(&A, &CallError<E>) ->
    /// Result<T, E>`.
    ///
    /// ```
    /// let answer = fusebox::Fallback::new()
    ///     .or_with(|&id: &u32, error: &&str| if *error == "gone" { Ok(id) } else { Err("no") })
    ///     .call(&7, |_| Err("gone"));
    /// assert_eq!(answer, Ok(7));
    /// ```
    #[must_use]
    pub const fn or_with<A, T, E, X, F>(self, layer: F) -> Fallback<Then<S, OrWith<F>>, O>
    where
        A: ?Sized,
        F: Fn(&A, &X) -> Result<T, E>,
    {
        self.then(OrWith(layer))
    }

    /// Adds a layer that is an async function of the arguments.
    #[must_use]
    pub const fn or_async<F>(self, layer: F) -> Fallback<Then<S, OrAsync<F>>, O> {
        self.then(OrAsync(layer))
    }

    /// Adds a layer that is an async function of the arguments and the last
    /// error. The function sees the error, but its future cannot keep it: take
    /// from it what the future needs.
    #[must_use]
    pub const fn or_async_with<F>(self, layer: F) -> Fallback<Then<S, OrAsyncWith<F>>, O> {
        self.then(OrAsyncWith(layer))
    }

    /// Adds a layer that answers with the last good value.
    #[cfg(feature = "std")]
    #[must_use]
    pub const fn or_last_good<T, C>(
        self,
        last: &crate::fallback::last_good::LastGood<T, C>,
    ) -> Fallback<Then<S, &crate::fallback::last_good::LastGood<T, C>>, O> {
        self.then(last)
    }

    /// Adds a layer that answers with the last good value of the call's own key,
    /// which `key`, a `Fn(&A) -> K`, finds in the arguments.
    ///
    /// ```
    /// use fusebox::{Fallback, LastGoodByKey};
    ///
    /// static PRICES: LastGoodByKey<String, u32> = LastGoodByKey::new(100);
    ///
    /// let price = Fallback::new().or_last_good_of(&PRICES, |item: &str| item.to_string());
    /// assert_eq!(price.call("tea", |_| Ok::<_, &str>(3)), Ok(3));
    /// assert_eq!(price.call("tea", |_| Err("down")), Ok(3));
    /// assert_eq!(price.call("milk", |_| Err("down")), Err("down"));
    /// ```
    #[cfg(feature = "std")]
    #[allow(clippy::type_complexity)] // the type is the list of the layers
    #[must_use]
    pub const fn or_last_good_of<A, K, T, C, F>(
        self,
        last: &crate::fallback::last_good_by_key::LastGoodByKey<K, T, C>,
        key: F,
    ) -> Fallback<Then<S, crate::fallback::last_good_by_key::OfKey<'_, K, T, C, F>>, O>
    where
        A: ?Sized,
        F: Fn(&A) -> K,
    {
        self.then(crate::fallback::last_good_by_key::OfKey::new(last, key))
    }

    pub(crate) const fn then<X>(self, layer: X) -> Fallback<Then<S, X>, O> {
        let Self { layers, name, silent, observer } = self;
        Fallback { layers: Then(layers, layer), name, silent, observer }
    }

    /// Names the fallback; its events carry the name.
    #[must_use]
    pub const fn named(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// Silences the events: none is sent when the fallback is used.
    ///
    /// ```
    /// use fusebox::Fallback;
    ///
    /// let quiet = Fallback::new().or(|_: &str| Ok::<_, &str>(0)).silent();
    /// assert_eq!(quiet.call("x", |_| Err("down")), Ok(0));
    /// ```
    #[must_use]
    pub const fn silent(mut self) -> Self {
        self.silent = true;
        self
    }

    /// Sends the fallback's events to `observer`.
    #[must_use]
    pub const fn observer<N>(self, observer: N) -> Fallback<S, N> {
        let Self { layers, name, silent, .. } = self;
        Fallback { layers, name, silent, observer }
    }
}

impl<S, O: Observer> Fallback<S, O> {
    /// Calls `f` with `args`, and asks the layers if it fails.
    ///
    /// # Errors
    /// The error of the last layer, or that of `f` if there are no layers.
    #[inline]
    pub fn call<A, T, E>(&self, args: &A, f: impl FnOnce(&A) -> Result<T, E>) -> Result<T, E>
    where
        A: ?Sized,
        E: Debug,
        S: Chain<A, T, E, E>,
    {
        if self.layers.comes_first() {
            return self.cheaply(args, None, None, || f(args));
        }
        self.settle(args, None, None, f(args))
    }

    /// What the layers answer, and only where none does, what `f` returns.
    #[cold]
    pub(crate) fn cheaply<A, T, E, Seen>(
        &self,
        args: &A,
        tally: Option<&Tally>,
        until: Option<Until<'_>>,
        f: impl FnOnce() -> Result<T, Seen>,
    ) -> Result<T, Seen>
    where
        A: ?Sized,
        Seen: Debug + FromOwn<E>,
        S: Chain<A, T, E, Seen>,
    {
        if bypass::fallbacks() {
            return f();
        }
        let mut slots = S::Slots::default();
        if let Some(rescued) = self.layers.rescue(args, None, until, &mut slots) {
            return Ok(self.came_first(tally, rescued, &slots));
        }
        let answer = f();
        match &answer {
            Ok(value) if !self.layers.wants(Ok(value)) => self.layers.note(args, value),
            Err(error) if !self.layers.wants(Err(error)) => {}
            _ => self.none_answered::<T, Seen, _>(S::LAYERS, tally, &answer, &slots),
        }
        answer
    }

    /// Tells of an answer that came before the call, and returns it.
    pub(crate) fn came_first<T, Seen: Debug>(
        &self,
        tally: Option<&Tally>,
        (layer, answer): (u32, Answer<T>),
        slots: &impl Slots<Seen>,
    ) -> T {
        self.report(tally).send(Some(layer), answer.age, &Trail { primary: None, slots });
        answer.value
    }

    /// Tells of a call that failed after all layers had.
    pub(crate) fn none_answered<T, Seen: Debug, L: Slots<Seen>>(
        &self,
        layers: u32,
        tally: Option<&Tally>,
        answer: &Result<T, Seen>,
        slots: &L,
    ) {
        if layers > 0 {
            let trail = Trail { primary: answer.as_ref().err(), slots };
            self.report(tally).send(None, None, &trail);
        }
    }

    fn report<'a>(&'a self, tally: Option<&'a Tally>) -> Report<'a, O> {
        let Self { name: policy, silent, observer, .. } = self;
        Report { policy: *policy, silent: *silent, observer, tally }
    }

    /// What `f` returned, or what the layers answer instead.
    #[inline]
    pub(crate) fn settle<A, T, E, Seen>(
        &self,
        args: &A,
        tally: Option<&Tally>,
        until: Option<Until<'_>>,
        result: Result<T, Seen>,
    ) -> Result<T, Seen>
    where
        A: ?Sized,
        Seen: Debug + FromOwn<E>,
        S: Chain<A, T, E, Seen>,
    {
        match result {
            Ok(value) if !self.layers.wants(Ok(&value)) => {
                self.layers.note(args, &value);
                Ok(value)
            }
            answer => self.rescue(args, tally, until, answer),
        }
    }

    #[cold]
    fn rescue<A, T, E, Seen>(
        &self,
        args: &A,
        tally: Option<&Tally>,
        until: Option<Until<'_>>,
        answer: Result<T, Seen>,
    ) -> Result<T, Seen>
    where
        A: ?Sized,
        Seen: Debug + FromOwn<E>,
        S: Chain<A, T, E, Seen>,
    {
        // An error that is kept out.
        let is_kept_out = answer.as_ref().is_err_and(|error| !self.layers.wants(Err(error)));
        if bypass::fallbacks() || is_kept_out {
            return answer;
        }
        let mut slots = S::Slots::default();
        let rescued = self.layers.rescue(args, answer.as_ref().err(), until, &mut slots);
        self.finish(S::LAYERS, tally, rescued, answer, &mut slots)
    }

    /// Tells what came of it, and returns that.
    pub(crate) fn finish<T, Seen, L>(
        &self,
        layers: u32,
        tally: Option<&Tally>,
        rescued: Rescued<T>,
        answer: Result<T, Seen>,
        slots: &mut L,
    ) -> Result<T, Seen>
    where
        Seen: Debug,
        L: Slots<Seen>,
    {
        if layers > 0 {
            let (layer, age) = match &rescued {
                Some((layer, answer)) => (Some(*layer), answer.age),
                None => (None, None),
            };
            let trail = Trail { primary: answer.as_ref().err(), slots: &*slots };
            self.report(tally).send(layer, age, &trail);
        }
        match rescued {
            Some((_, answer)) => Ok(answer.value),
            None => answer.map_err(|error| slots.take_last().unwrap_or(error)),
        }
    }
}
