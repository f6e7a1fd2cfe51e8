//! The word itself: who writes it, and who asks.

use core::fmt;

use crate::{
    machine::{Bits, Machine},
    overload::{
        pressure::{
            level::PressureLevel, reading::PressureReading, settings::PressureSettings, word::Word,
        },
        priority::Priority,
    },
    sync::const_fn,
    time::{Clock, DefaultClock},
};

/// How short of cores, memory and input a host is, in one atomic word.
///
/// One sampler writes it; any number of policies ask it, each only where you tell it to.
/// While the host is calm, to ask is one relaxed load. Without a sampler it is calm.
///
/// - On Linux `PressureSampler` reads the kernel's figures: on a thread of its own
///   (`keep_sampled`), in a task (`keep_sampled_async`), or in the command
///   `fusebox pressure`, for all processes that share a panel.
/// - Elsewhere, and without `std`, call [`set`](Self::set) with what you know, some four
///   times a second. After a time without a reading (see
///   [`stale_after`](crate::PressureConfig::stale_after)) the host is calm again, so that
///   nothing stays turned off because a sampler died.
///
/// ```
/// use fusebox::{LimitKind, Pressure, PressureConfig, PressureReading, Priority};
///
/// static HOST: Pressure = Pressure::new(PressureConfig::new().build());
///
/// assert!(HOST.admit(Priority::BACKGROUND).is_ok());
/// HOST.set(PressureReading { cpu: 950, ..PressureReading::CALM });
/// let limited = HOST.admit(Priority::BACKGROUND).unwrap_err();
/// assert_eq!(limited.kind(), LimitKind::Pressure);
/// assert!(HOST.admit(Priority::DEFAULT).is_ok());
/// ```
#[repr(C)]
pub struct Pressure<C = DefaultClock> {
    word: Machine,
    settings: Machine,
    clock: C,
}

#[cfg(feature = "std")]
impl Pressure {
    const_fn! {
        /// Makes one on the clock of the host.
        #[must_use]
        pub fn new(settings: PressureSettings) -> Self {
            Self::with(settings, crate::time::StdClock)
        }
    }
}

impl<C> Pressure<C> {
    const_fn! {
        /// Makes one with a clock of your own. Its ticks say how old a reading is.
        #[must_use]
        pub fn with(settings: PressureSettings, clock: C) -> Self {
            Self { word: Machine::new(0), settings: Machine::new(settings.pack()), clock }
        }
    }

    /// Returns the settings in force.
    #[must_use]
    pub fn settings(&self) -> PressureSettings {
        let Bits(word) = self.settings.load();
        PressureSettings::unpack(word)
    }

    /// Puts other settings in force, from the next reading on.
    pub fn set_settings(&self, settings: PressureSettings) {
        self.settings.store(Bits(settings.pack()));
    }

    /// Forgets the last reading: the host is calm.
    pub fn clear(&self) {
        self.word.store(Word::NONE);
    }
}

impl<C: Clock> Pressure<C> {
    /// Says what was read just now, and returns the level that follows. One sampler does
    /// this, some four times a second; of two, each would count as a step.
    pub fn set(&self, reading: PressureReading) -> PressureLevel {
        let (settings, now) = (self.settings(), self.now());
        let step =
            self.word.step(self.word.load(), |word: Word| (word.after(reading, settings, now), ()));
        step.to.level()
    }

    /// Returns the level of now.
    #[must_use]
    #[inline]
    pub fn level(&self) -> PressureLevel {
        if self.is_calm() { PressureLevel::Calm } else { self.level_while_fresh() }
    }

    /// Returns the last reading, or `None` if there is none, or it is too old.
    #[must_use]
    pub fn reading(&self) -> Option<PressureReading> {
        self.look().map(|(reading, _)| reading)
    }

    /// Returns the last reading and the level that followed, or `None` if there is none,
    /// or it is too old. It only loads, so it is fit for memory that cannot be written.
    #[must_use]
    pub fn look(&self) -> Option<(PressureReading, PressureLevel)> {
        let word: Word = self.word.load();
        let is_stale = word.is_stale(self.settings(), self.now());
        (!is_stale).then(|| (word.reading(), word.level()))
    }

    /// Whether calls of this priority are admitted at the level of now.
    #[must_use]
    #[inline]
    pub fn admits(&self, priority: Priority) -> bool {
        self.is_calm() || priority.class() >= self.level_while_fresh().least().class()
    }

    /// Whether the word itself says so: one load.
    #[inline]
    pub(crate) fn is_calm(&self) -> bool {
        self.word.load::<Word>().is_calm()
    }

    #[cold]
    #[inline(never)]
    fn level_while_fresh(&self) -> PressureLevel {
        let word: Word = self.word.load();
        if word.is_stale(self.settings(), self.now()) {
            // Its stamp wraps: when it comes round again, it must not be there any more.
            self.word.replace(word, Word::NONE);
            return PressureLevel::Calm;
        }
        word.level()
    }

    fn now(&self) -> u64 {
        self.clock.now().as_millis()
    }
}

/// As it was written last, however long ago.
impl<C> fmt::Debug for Pressure<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word: Word = self.word.load();
        f.debug_struct("Pressure")
            .field("level", &word.level())
            .field("reading", &word.reading())
            .field("settings", &self.settings())
            .finish_non_exhaustive()
    }
}
