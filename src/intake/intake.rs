//! The intake itself: how it is made, and how it is asked.

use core::{fmt, time::Duration};

use crate::{
    bypass,
    error::{LimitKind, Limited},
    intake::{
        place::InLine,
        settings::IntakeSettings,
        word::{PLACE, Said, Word},
    },
    label::Label,
    limit::deadline::until::{self, Until},
    machine::{Bits, Machine},
    name::Name,
    observe::{Counter, DefaultObserver, Event, Observer},
    overload::priority::Priority,
    sync::const_fn,
    time::{Clock, DefaultClock},
};

/// A server's guard against more calls than it can answer, in one atomic word.
///
/// Every call that arrives [enters](Self::enter) the line of the server's workers,
/// [begins](InLine::begin) when one takes it, and has ended when it is dropped. How long a
/// newcomer would wait follows from how many are in flight and how long a call takes a
/// worker, which is learned from those that end. A call that would wait for too long is
/// refused at once, before any work was done for it, and hears how long the wait would
/// have been.
///
/// **Priority.** How long is too long depends on how much a call matters. Critical calls
/// may wait for [`max_wait`](IntakeSettings::max_wait), and a call whose
/// [class](Priority::class) is six below another one for half as long: default calls for
/// five eighths of it, sheddable ones for two fifths, background ones for a quarter. So a
/// call is never refused while one of a lower class would be admitted. With more calls than the server
/// can answer, the line is as long as the least class allows that is admitted in part;
/// above it there is room for the others. Whoever is admitted waits for `max_wait` or a
/// little more, as times vary.
///
/// There is no window and no control loop: the first call that would wait too long is
/// refused, and the first one after the overload is admitted. While a worker is free,
/// every call is.
///
/// Before the first call has ended, nobody knows how long one takes: then four critical
/// calls may stand in line for each worker, and others as far as their class goes.
///
/// **Deadlines.** A call whose [deadline](crate::Deadline) comes before its turn would is
/// refused, and again when a worker takes it too late.
///
/// A call costs two compare-and-swaps and three readings of the clock.
///
/// ```
/// use core::time::Duration;
/// use fusebox::{DefaultObserver, Intake, IntakeConfig, LimitKind, ManualClock, Priority};
///
/// const MS: Duration = Duration::from_millis(1);
/// let clock = ManualClock::new(); // a `static` has `Intake::named("api", …)`
/// let settings = IntakeConfig::new().workers(1).max_wait(20 * MS).build();
/// let api = Intake::with(None, settings, &clock, DefaultObserver);
///
/// let first = api.enter(Priority::DEFAULT)?.begin()?;
/// clock.advance(10 * MS); // … the work
/// drop(first);
///
/// // A call takes 10 ms, so a second one in line would begin after 20.
/// let at_work = api.enter(Priority::DEFAULT)?.begin()?;
/// let in_line = api.enter(Priority::DEFAULT)?;
/// let refused = api.enter(Priority::DEFAULT).unwrap_err();
/// assert_eq!((refused.kind(), refused.retry_after()), (LimitKind::Overload, Some(20 * MS)));
/// let critical = api.enter(Priority::CRITICAL)?;
/// # drop((at_work, in_line, critical));
/// # Ok::<(), fusebox::Limited>(())
/// ```
#[repr(C)]
pub struct Intake<C = DefaultClock, O = DefaultObserver> {
    word: Machine,
    settings: Machine,
    refused: Counter,
    overdue: Counter,
    label: Label,
    clock: C,
    observer: O,
}

#[cfg(feature = "std")]
impl Intake {
    const_fn! {
        /// Makes an intake on the clock of the host.
        #[must_use]
        pub fn new(settings: IntakeSettings) -> Self {
            Self::with(None, settings, crate::time::StdClock, DefaultObserver)
        }
    }

    const_fn! {
        /// Makes an intake with a name, which its errors and events carry.
        ///
        /// # Panics
        /// On a name that is empty, too long, or holds a control character; in a `const`
        /// that is a compile error.
        #[must_use]
        #[track_caller]
        pub fn named(name: &str, settings: IntakeSettings) -> Self {
            Self::with(Some(Name::new(name)), settings, crate::time::StdClock, DefaultObserver)
        }
    }
}

impl<C, O> Intake<C, O> {
    const_fn! {
        /// Makes an intake with a clock and an observer of your own. The clock's
        /// [`elapsed`](Clock::elapsed) measures the calls: it should tell times as short as
        /// they are.
        #[must_use]
        pub fn with(name: Option<Name>, settings: IntakeSettings, clock: C, observer: O) -> Self {
            Self {
                word: Machine::new(0),
                settings: Machine::new(settings.pack()),
                refused: Counter::new(),
                overdue: Counter::new(),
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
    #[must_use]
    #[inline]
    pub fn settings(&self) -> IntakeSettings {
        let Bits(word) = self.settings.load();
        IntakeSettings::unpack(word)
    }

    /// Puts other settings in force, from the next call on. Calls that are in line stay
    /// there, and what was learned holds.
    pub fn set_settings(&self, settings: IntakeSettings) {
        self.settings.store(Bits(settings.pack()));
    }

    /// Returns how many calls are at work or in line.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        self.word().in_flight()
    }

    /// Returns how long a call that came now would wait for a worker.
    #[must_use]
    pub fn expected_wait(&self) -> Duration {
        Duration::from_nanos(self.word().wait(self.settings().bounds()))
    }

    /// Returns what the intake says of itself.
    ///
    /// ```
    /// use fusebox::{Intake, IntakeConfig, Priority};
    ///
    /// static API: Intake = Intake::named("api", IntakeConfig::new().workers(1).build());
    ///
    /// let first = API.enter(Priority::DEFAULT)?;
    /// let second = API.enter(Priority::CRITICAL)?;
    /// let reading = API.reading();
    /// assert_eq!((reading.in_flight, reading.waiting, reading.refused), (2, 1, 0));
    /// assert_eq!(reading.work_time, None); // no call has ended so far
    /// # drop((first, second));
    /// # Ok::<(), fusebox::Limited>(())
    /// ```
    #[cfg(not(fusebox_compact))]
    #[must_use]
    pub fn reading(&self) -> crate::intake::reading::IntakeReading {
        let (settings, word) = (self.settings(), self.word());
        let bounds = settings.bounds();
        crate::intake::reading::IntakeReading {
            settings,
            in_flight: word.in_flight(),
            waiting: word.waiting(bounds.workers),
            work_time: word.takes().map(Duration::from_nanos),
            expected_wait: Duration::from_nanos(word.wait(bounds)),
            refused: self.refused.get(),
            overdue: self.overdue.get(),
        }
    }

    #[cfg(all(feature = "tower", feature = "tokio"))]
    pub(crate) const fn clock(&self) -> &C {
        &self.clock
    }

    #[inline]
    fn word(&self) -> Word {
        self.word.load()
    }

    /// A call has left the line, and no worker took it.
    #[inline]
    pub(super) fn leave(&self) {
        self.word.subtract(PLACE);
    }

    /// A call has ended, which took a worker so many nanoseconds.
    #[inline]
    pub(super) fn end(&self, takes: u64) {
        self.word.step(self.word(), |word: Word| (word.end(takes), ()));
    }
}

impl<C: Clock, O: Observer> Intake<C, O> {
    /// A call comes: it stands in line for a worker from now on. With `std`, the deadline
    /// of the [scope](crate::Deadline) that this runs in is the call's.
    ///
    /// # Errors
    /// [`Limited`] where the call would wait for longer than its class may
    /// ([`LimitKind::Overload`]); [`retry_after`](Limited::retry_after) is how long it
    /// would wait. And where it would not begin before its deadline
    /// ([`LimitKind::Deadline`]).
    #[inline]
    pub fn enter(&self, priority: Priority) -> Result<InLine<'_, C, O>, Limited> {
        self.enter_until(priority, None)
    }

    /// A call comes that has a deadline of its own: it stands in line for a worker from now
    /// on. The earlier one holds of that deadline and the one of the
    /// [scope](crate::Deadline) that this runs in.
    ///
    /// # Errors
    /// As [`enter`](Self::enter).
    #[inline]
    pub fn enter_by<'a>(
        &'a self,
        priority: Priority,
        deadline: impl Into<Until<'a>>,
    ) -> Result<InLine<'a, C, O>, Limited> {
        self.enter_until(priority, Some(deadline.into()))
    }

    #[inline]
    fn enter_until<'a>(
        &'a self,
        priority: Priority,
        own: Option<Until<'a>>,
    ) -> Result<InLine<'a, C, O>, Limited> {
        let until = until::in_force(own).filter(|until| !until.deadline().is_never());
        let patience = until.map_or(u64::MAX, |until| nanos(until.remaining()));
        let (bounds, class) = (self.settings().bounds(), priority.class());
        let enter = |word: Word| word.enter(bounds, class, patience);
        match self.word.step(self.word(), enter).said {
            Said::Admitted { before } => {
                Ok(InLine { intake: Some(self), until, since: self.now(), before })
            }
            Said::Refused { wait } => self.refuse(LimitKind::Overload, Some(wait)),
            Said::TooLate => self.refuse(LimitKind::Deadline, None),
        }
    }

    /// Whether a worker may begin with a call that has waited so many nanoseconds.
    #[inline]
    pub(super) fn check(&self, waited: u64, until: Option<Until<'_>>) -> Result<(), Limited> {
        let bounds = self.settings().bounds();
        let is_overdue = waited / 2 > bounds.max_wait && self.word().waiting(bounds.workers) > 0;
        if is_overdue || until.is_some_and(|until| until.remaining().is_zero()) {
            return self.refuse_overdue(is_overdue);
        }
        Ok(())
    }

    /// The time in nanoseconds.
    #[inline]
    pub(super) fn now(&self) -> u64 {
        nanos(self.clock.elapsed())
    }

    /// Counts and tells a refusal, unless a bypass has taken limits out.
    #[cold]
    #[inline(never)]
    fn refuse(&self, kind: LimitKind, wait: Option<u64>) -> Result<InLine<'_, C, O>, Limited> {
        if bypass::limits() {
            let before = self.word.step(self.word(), Word::admit).said;
            let intake = before.map(|_| self);
            let before = before.unwrap_or_default();
            return Ok(InLine { intake, until: None, since: self.now(), before });
        }
        self.refused.add_often();
        Err(self.tell(kind, wait))
    }

    #[cold]
    #[inline(never)]
    fn refuse_overdue(&self, is_overdue: bool) -> Result<(), Limited> {
        if bypass::limits() {
            return Ok(());
        }
        self.overdue.add_one();
        Err(if is_overdue {
            self.tell(LimitKind::Overload, Some(self.word().wait(self.settings().bounds())))
        } else {
            self.tell(LimitKind::Deadline, None)
        })
    }

    fn tell(&self, kind: LimitKind, wait: Option<u64>) -> Limited {
        let limited = Limited::of(self.label.get(), kind, wait);
        self.observer.on_event(&Event::Limited(&limited));
        limited
    }
}

/// 584 years are never.
#[inline]
fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl<C, O> fmt::Debug for Intake<C, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intake")
            .field("name", &self.name())
            .field("settings", &self.settings())
            .field("in_flight", &self.in_flight())
            .finish_non_exhaustive()
    }
}
