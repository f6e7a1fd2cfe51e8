//! The memory of one breaker: plain atomics of a fixed layout.

use crate::{
    breaker::{opened::Opened, settings::BreakerSettings, word::Word},
    machine::{self, Machine},
    name::{self, Name},
    observe::{Counter, Noted, Tally},
    sync::{AtomicU64, Ordering, const_fn, planted},
};

/// 256 bytes in four cache lines: what decisions read, what failures, rejections
/// and the like write, the text of the last error, the name. A call reads the
/// first one alone. The alignment keeps neighbours in an array from sharing a
/// line, and the pair of lines that x86-64 fetches together.
///
/// Under `cfg(fusebox_compact)`, 32 bytes: the counters have no size, nor has the
/// text, the name has one word, and no other core shares a line.
#[derive(Debug)]
#[repr(C)]
#[cfg_attr(not(fusebox_compact), repr(align(128)))]
#[cfg_attr(fusebox_compact, repr(align(32)))]
pub(crate) struct Cell {
    pub(crate) word: Machine,
    settings: Machine,
    /// The hash of the name; 0 in a slot that nobody claimed, and in an owned
    /// breaker without a name.
    pub(crate) key: AtomicU64,
    pub(crate) opened: Opened,
    /// The rest of the first line: zeros, for words to come.
    spare: [u64; SPARE],
    pub(crate) failures: Counter,
    pub(crate) rejections: Counter,
    pub(crate) openings: Counter,
    /// Those that were admitted, where the observer asks for it.
    pub(crate) calls: Counter,
    pub(crate) tally: Tally,
    pub(crate) noted: Noted,
    /// The name's words: 0 is "not published", and no word of a name that
    /// matters is 0.
    pub(crate) name: [AtomicU64; name::WORDS],
}

const SPARE: usize = if cfg!(fusebox_compact) { 0 } else { 4 };

impl Cell {
    const_fn! {
        /// A slot that nobody claimed.
        pub(crate) fn vacant() -> Self {
            Self::filled(0, 0, [0; name::WORDS])
        }
    }

    const_fn! {
        pub(crate) fn owned(key: u64, name: Option<Name>, settings: BreakerSettings) -> Self {
            let words = match name {
                Some(name) => name.words(),
                None => [0; name::WORDS],
            };
            Self::filled(key, settings.pack(), words)
        }
    }

    const_fn! {
        fn filled(key: u64, settings: u64, name: [u64; name::WORDS]) -> Self {
            Self {
                word: Machine::new(Word::NEW.0),
                settings: Machine::new(settings),
                key: AtomicU64::new(key),
                opened: Opened::new(),
                spare: [0; SPARE],
                failures: Counter::new(),
                rejections: Counter::new(),
                openings: Counter::new(),
                calls: Counter::new(),
                tally: Tally::new(),
                noted: Noted::new(),
                // One by one: `array::map` is not `const`.
                name: [
                    AtomicU64::new(name[0]),
                    #[cfg(not(fusebox_compact))]
                    AtomicU64::new(name[1]),
                    #[cfg(not(fusebox_compact))]
                    AtomicU64::new(name[2]),
                    #[cfg(not(fusebox_compact))]
                    AtomicU64::new(name[3]),
                    #[cfg(not(fusebox_compact))]
                    AtomicU64::new(name[4]),
                    #[cfg(not(fusebox_compact))]
                    AtomicU64::new(name[5]),
                    #[cfg(not(fusebox_compact))]
                    AtomicU64::new(name[6]),
                    #[cfg(not(fusebox_compact))]
                    AtomicU64::new(name[7]),
                ],
            }
        }
    }

    /// The settings in force: the published ones, or else the defaults.
    #[inline]
    pub(crate) fn settings(&self) -> BreakerSettings {
        self.raw_settings().unwrap_or(BreakerSettings::DEFAULT)
    }

    /// The published ones, if there are any.
    #[inline]
    pub(crate) fn raw_settings(&self) -> Option<BreakerSettings> {
        self.settings.load::<Published>().get()
    }

    pub(crate) fn set_settings(&self, settings: BreakerSettings) {
        if planted!(SettingsClearedFirst) {
            self.settings.store(Published::NOTHING);
        }
        self.settings.store(Published::of(settings));
    }

    /// Applies `change` to the settings in force until what it was applied to
    /// is still there; the ones before and after.
    pub(crate) fn update_settings<E>(
        &self,
        mut change: impl FnMut(BreakerSettings) -> Result<BreakerSettings, E>,
    ) -> Result<(BreakerSettings, BreakerSettings), E> {
        let step = self.settings.step(self.settings.load(), |word: Published| {
            let old = word.get().unwrap_or(BreakerSettings::DEFAULT);
            match change(old) {
                Ok(new) => (Published::of(new), Ok((old, new))),
                Err(error) => (word, Err(error)),
            }
        });
        step.said
    }

    /// Publishes `settings` where none are yet; the ones in force afterwards.
    pub(crate) fn publish_settings(&self, settings: BreakerSettings) -> BreakerSettings {
        let step = self.settings.step(self.settings.load(), |word: Published| match word.get() {
            Some(published) => (word, published),
            None => (Published::of(settings), settings),
        });
        step.said
    }

    /// The name, as far as it is published.
    pub(crate) fn name(&self) -> Name {
        // Each word is written once and means something alone: relaxed.
        Name::from_words(self.name.each_ref().map(|word| word.load(Ordering::Relaxed)))
    }
}

/// The word of the settings: all zeros is "not published".
#[derive(Clone, Copy, PartialEq)]
struct Published(u64);

impl Published {
    const NOTHING: Self = Self(0);

    const fn of(settings: BreakerSettings) -> Self {
        Self(settings.pack())
    }

    const fn get(self) -> Option<BreakerSettings> {
        BreakerSettings::unpack(self.0)
    }
}

impl machine::Word for Published {
    #[inline]
    fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    #[inline]
    fn bits(self) -> u64 {
        self.0
    }

    #[cfg(fusebox_loom)]
    fn is_torn(self, next: Self) -> bool {
        if self == Self::NOTHING {
            planted!(SettingsPublishedByStore)
        } else {
            planted!(SettingsUpdatedByStore) && next != Self::NOTHING
        }
    }
}
