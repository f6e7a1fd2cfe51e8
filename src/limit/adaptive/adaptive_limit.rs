//! The adaptive limit itself: how it is made, how it is asked, how a window ends.

use core::{fmt, time::Duration};

use crate::{
    bypass,
    error::{LimitKind, Limited},
    label::Label,
    limit::adaptive::{
        memory::Memory,
        rule::{self, Window},
        samples::Samples,
        settings::AdaptiveSettings,
        ticket::{Ticket, Timed},
        word::{PLACE, RAREST, Said, Word},
    },
    machine::{Bits, Machine},
    name::Name,
    observe::{Counter, DefaultObserver, Event, Observer},
    sync::{const_fn, planted},
    time::{Clock, DefaultClock},
};

/// A limit of the calls in flight that is found out: as many as the service does at a
/// time, and no more.
///
/// Up to some number of calls in flight a service answers each in the same time, and with
/// more of them does more. Beyond it, they only wait for each other. The limit finds that
/// number from the times that calls take, follows it when it changes, and turns away what
/// would only wait. It needs no figure of yours but the bounds.
///
/// Each window, of a second by default, one of the callers sets the limit anew. At the
/// start, after each 64 windows of a busy service, and when the service has become
/// slower, the limit is lowered for a window or two, to measure how long calls take
/// without others; never below [`min`](AdaptiveSettings::min).
///
/// A call costs a compare-and-swap at its start, a subtraction at its end, and where its
/// time is taken, two readings of the clock and an addition. The time of every call is
/// taken up to some 4000 in a window, and beyond that, of one in 2 to 32.
///
/// ```
/// use fusebox::{AdaptiveConfig, AdaptiveLimit};
///
/// static SHOP: AdaptiveLimit = AdaptiveLimit::named("shop", AdaptiveConfig::new().build());
///
/// fn ask(id: &str) -> Result<u32, Box<dyn std::error::Error>> {
///     let ticket = SHOP.try_acquire()?;
///     match id.parse() { // … the call
///         Ok(answer) => {
///             ticket.success();
///             Ok(answer)
///         }
///         // Where the service says that it is busy: `ticket.overload()`.
///         Err(error) => Err(error.into()),
///     }
/// }
/// assert_eq!(ask("42").unwrap(), 42);
/// ```
#[repr(C)]
pub struct AdaptiveLimit<C = DefaultClock, O = DefaultObserver> {
    word: Machine,
    settings: Machine,
    /// When the window began, see [`Turn`].
    turn: Machine,
    samples: Machine,
    overloads: Machine,
    /// What the rule remembers. Only the winner of a window writes it.
    memory: [Machine; 2],
    refused: Counter,
    windows: Counter,
    measured: Counter,
    label: Label,
    clock: C,
    observer: O,
}

/// When a window began, in microseconds of the clock, and whether somebody computes what
/// it makes of the limit. 0 is before the first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Turn(u64);

impl Turn {
    const TAKEN: u64 = 1;

    const fn begun(now: u64) -> Bits {
        // The first microsecond is as good as the second, and not 0.
        Bits((if now == 0 { 1 } else { now }) << 1)
    }

    /// Since when; `None` while somebody computes.
    const fn free_since(self) -> Option<u64> {
        if self.0 & Self::TAKEN == 0 { Some(self.0 >> 1) } else { None }
    }

    const fn taken(self) -> Bits {
        Bits(self.0 | Self::TAKEN)
    }
}

#[cfg(feature = "std")]
impl AdaptiveLimit {
    const_fn! {
        /// Makes a limit on the clock of the host.
        #[must_use]
        pub fn new(settings: AdaptiveSettings) -> Self {
            Self::with(None, settings, crate::time::StdClock, DefaultObserver)
        }
    }

    const_fn! {
        /// Makes a limit with a name, which its errors and events carry.
        ///
        /// # Panics
        /// On a name that is empty, too long, or holds a control character; in a `const`
        /// that is a compile error.
        #[must_use]
        #[track_caller]
        pub fn named(name: &str, settings: AdaptiveSettings) -> Self {
            Self::with(Some(Name::new(name)), settings, crate::time::StdClock, DefaultObserver)
        }
    }
}

impl<C, O> AdaptiveLimit<C, O> {
    const_fn! {
        /// Makes a limit with a clock and an observer of your own. The clock's
        /// [`elapsed`](Clock::elapsed) measures the calls: it should tell times as short as
        /// they are.
        #[must_use]
        pub fn with(name: Option<Name>, settings: AdaptiveSettings, clock: C, observer: O) -> Self {
            Self {
                word: Machine::new(0),
                settings: Machine::new(settings.pack()),
                turn: Machine::new(0),
                samples: Machine::new(0),
                overloads: Machine::new(0),
                memory: [Machine::new(0), Machine::new(0)],
                refused: Counter::new(),
                windows: Counter::new(),
                measured: Counter::new(),
                label: Label::of(name),
                clock,
                observer,
            }
        }
    }

    /// Returns the name, or `None` if it has none.
    #[must_use]
    pub fn name(&self) -> Option<Name> {
        Some(self.label.get()).filter(|name| !name.is_none())
    }

    /// Returns the settings in force.
    ///
    /// A limit in a slot that was given none admits every call: then this is `None`.
    #[must_use]
    #[inline]
    pub fn settings(&self) -> Option<AdaptiveSettings> {
        match self.settings.load() {
            Bits(0) => None,
            Bits(word) => Some(AdaptiveSettings::unpack(word)),
        }
    }

    /// Puts other settings in force. The limit keeps what it has found out; its bounds
    /// hold from the end of the window on.
    pub fn set_settings(&self, settings: AdaptiveSettings) {
        self.settings.store(Bits(settings.pack()));
    }

    /// Returns how many calls may be in flight at present, or `None` for any number.
    #[must_use]
    pub fn limit(&self) -> Option<u32> {
        let settings = self.settings()?;
        Some(self.word.load::<Word>().limit(settings.initial()).whole())
    }

    /// Returns how many calls are in flight.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        self.word.load::<Word>().in_flight()
    }

    /// Returns how long a call takes while few others are in flight, as was measured last,
    /// or `None` before that.
    #[must_use]
    pub fn baseline(&self) -> Option<Duration> {
        let known = self.memory().baseline;
        (known > 0).then(|| Duration::from_micros(known.into()))
    }

    /// Returns how many times callers were turned away. The count wraps; it is up to a
    /// 64th too large where one thread was turned away very often.
    #[cfg(not(fusebox_compact))]
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.get()
    }

    /// Returns how many windows have ended. The count wraps.
    #[cfg(not(fusebox_compact))]
    #[must_use]
    pub fn windows(&self) -> u64 {
        self.windows.get()
    }

    /// Returns how many calls were measured in all windows that have ended. Where not each
    /// one is measured, those that are count for the others. The count wraps.
    #[cfg(not(fusebox_compact))]
    #[must_use]
    pub fn measured(&self) -> u64 {
        self.measured.get()
    }

    fn memory(&self) -> Memory {
        Memory::of([&self.memory[0], &self.memory[1]].map(|word| word.load::<Bits>().0))
    }

    #[inline]
    pub(super) fn release(&self) {
        self.word.subtract(PLACE);
    }
}

impl<C: Clock, O: Observer> AdaptiveLimit<C, O> {
    /// Takes a place for one call.
    ///
    /// # Errors
    /// [`Limited`] when so many calls are in flight as the limit allows at present. When a
    /// place will be free, nobody knows: it names no time.
    #[inline]
    pub fn try_acquire(&self) -> Result<Ticket<'_, C, O>, Limited> {
        let Some(settings) = self.settings() else { return Ok(Ticket::FREE) };
        let initial = settings.initial();
        match self.word.step(self.word.load(), |word: Word| word.admit(initial)).said {
            Said::Admitted => Ok(Ticket::new(self, None)),
            Said::Sampled { sampling } => {
                Ok(Ticket::new(self, Some(Timed { since: self.now(), sampling })))
            }
            Said::Full => self.refuse(),
        }
    }

    /// The time in microseconds.
    #[inline]
    fn now(&self) -> u64 {
        // 584 thousand years.
        u64::try_from(self.clock.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Counts and tells a refusal, unless a bypass has taken limits out.
    #[cold]
    #[inline(never)]
    fn refuse(&self) -> Result<Ticket<'_, C, O>, Limited> {
        if bypass::limits() {
            return Ok(Ticket::FREE);
        }
        self.refused.add_often();
        let (name, kind) = (self.label.get(), LimitKind::Adaptive);
        let limited = Limited::of(name, kind, None);
        self.observer.on_event(&Event::Limited(&limited));
        Err(limited)
    }

    /// Adds the time of a call to the window, and ends that if it is time.
    #[inline]
    pub(super) fn served(&self, Timed { since, sampling }: Timed) {
        let now = self.now();
        self.samples.add::<Bits>(Samples::one(now.saturating_sub(since), sampling));
        self.end_window(now);
    }

    #[cold]
    pub(super) fn overloaded(&self) {
        self.overloads.add::<Bits>(1);
        self.end_window(self.now());
    }

    #[inline]
    fn end_window(&self, now: u64) {
        let turn = Turn(self.turn.load::<Bits>().0);
        let Some(since) = turn.free_since() else { return };
        let Some(settings) = self.settings() else { return };
        // A clock that stepped back has begun another window.
        let length = now.wrapping_sub(since);
        if turn.0 == 0 || length >= micros(settings.window()) {
            self.try_end_window(turn, now, settings);
        }
    }

    /// Of all that come here at the end of a window, one computes.
    #[cold]
    #[inline(never)]
    fn try_end_window(&self, turn: Turn, now: u64, settings: AdaptiveSettings) {
        /// A window of few calls ends after so many times its length.
        const LONGEST: u64 = 8;
        let since = turn.0 >> 1;
        let length = now.saturating_sub(since);
        if turn.0 == 0 || now < since {
            self.turn.replace(Bits(turn.0), Turn::begun(now));
            return;
        }
        let (so_far, overloads) = (self.samples.load::<Samples>(), self.overloads.load::<Bits>());
        // The course is in the second word.
        let caution = Memory::of([0, self.memory[1].load::<Bits>().0]).caution();
        let enough = u64::from(settings.min_samples()) * caution;
        let is_few = so_far.calls() + overloads.0 < enough;
        // Calls should have come and gone several times: those of the first
        // round came before the limit that is judged.
        let is_short = so_far.micros().saturating_mul(4) > so_far.calls().saturating_mul(length);
        if (is_few || is_short) && length < LONGEST * micros(settings.window()) {
            return;
        }
        let is_won = self.turn.replace(Bits(turn.0), turn.taken());
        if is_won || planted!(WindowWonTwice) {
            self.compute(length, settings);
            // Nobody else writes it while it is taken.
            self.turn.step(turn.taken(), |_: Bits| (Turn::begun(now), ()));
        }
    }

    /// Sets the limit by what was measured.
    fn compute(&self, length: u64, settings: AdaptiveSettings) {
        let samples: Samples = self.samples.take();
        let overloads = self.overloads.take::<Bits>().0;
        let word: Word = self.word.load();
        let window = Window {
            limit: word.limit(settings.initial()),
            peak: word.peak(),
            calls: samples.calls(),
            micros: samples.micros(),
            overloads,
            length,
        };
        let (limit, memory) = rule::after(window, self.memory(), settings);
        let sampling = sampling(samples.calls(), length, settings);
        for (word, bits) in self.memory.iter().zip(memory.words()) {
            word.store(Bits(bits));
        }
        self.word.step(word, |word: Word| (word.begun(limit, sampling), ()));
        self.windows.add_one();
        self.measured.add(samples.calls());
    }
}

/// How seldom a call's time is taken, so that some 4000 are in a window.
fn sampling(calls: u64, length: u64, settings: AdaptiveSettings) -> u32 {
    const ENOUGH: u64 = 4_096;
    let expected = calls.saturating_mul(micros(settings.window())) / length.max(1);
    (expected / ENOUGH).checked_ilog2().map_or(0, |power| (power + 1).min(RAREST))
}

fn micros(time: Duration) -> u64 {
    // A window has seconds at most.
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl<C, O> fmt::Debug for AdaptiveLimit<C, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdaptiveLimit")
            .field("name", &self.name())
            .field("limit", &self.limit())
            .field("in_flight", &self.in_flight())
            .field("baseline", &self.baseline())
            .finish_non_exhaustive()
    }
}
