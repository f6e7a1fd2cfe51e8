//! The memory of one breaker: plain atomics of a fixed layout.

use crate::{
    breaker::{counter::Counter, opened::Opened, settings::Settings, tally::Tally, word::Word},
    name::{self, Name},
    sync::{AtomicU64, Ordering, const_fn},
};

/// 128 bytes: the first cache line is read by every call, the second written
/// by failures, rejections and the like. The alignment keeps neighbours in an array from
/// sharing a line, and the pair of lines that x86-64 fetches together.
///
/// Under `cfg(fusebox_compact)`, 32 bytes: the counters have no size, the name
/// has one word, and no other core shares a line.
#[derive(Debug)]
#[repr(C)]
#[cfg_attr(not(fusebox_compact), repr(align(128)))]
#[cfg_attr(fusebox_compact, repr(align(32)))]
pub(crate) struct Cell {
    pub(crate) word: AtomicU64,
    settings: AtomicU64,
    /// The hash of the name; 0 in a slot that nobody claimed, and in an owned
    /// breaker without a name.
    pub(crate) key: AtomicU64,
    /// The name's words, inverted: 0 is "not published", and no word of a name
    /// inverts to it, for no UTF-8 holds eight bytes of `0xFF`.
    pub(crate) name: [AtomicU64; name::WORDS],
    pub(crate) failures: Counter,
    pub(crate) rejections: Counter,
    pub(crate) openings: Counter,
    /// Those that were admitted, where the observer asks for it.
    pub(crate) calls: Counter,
    pub(crate) tally: Tally,
    pub(crate) opened: Opened,
}

impl Cell {
    const_fn! {
        /// A slot that nobody claimed.
        pub(crate) fn vacant() -> Self {
            Self::filled(0, 0, [0; name::WORDS])
        }
    }

    const_fn! {
        pub(crate) fn owned(key: u64, name: Option<Name>, settings: Settings) -> Self {
            let words = match name {
                Some(name) => inverted(name.words()),
                None => [0; name::WORDS],
            };
            Self::filled(key, settings.pack(), words)
        }
    }

    const_fn! {
        fn filled(key: u64, settings: u64, name: [u64; name::WORDS]) -> Self {
            Self {
                word: AtomicU64::new(Word::NEW.0),
                settings: AtomicU64::new(settings),
                key: AtomicU64::new(key),
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
                ],
                failures: Counter::new(),
                rejections: Counter::new(),
                openings: Counter::new(),
                calls: Counter::new(),
                tally: Tally::new(),
                opened: Opened::new(),
            }
        }
    }

    /// The settings in force: the published ones, or else the defaults.
    #[inline]
    pub(crate) fn settings(&self) -> Settings {
        self.raw_settings().unwrap_or(Settings::DEFAULT)
    }

    /// The published ones, if there are any.
    #[inline]
    pub(crate) fn raw_settings(&self) -> Option<Settings> {
        // A word of its own, whole in itself: relaxed.
        Settings::unpack(self.settings.load(Ordering::Relaxed))
    }

    pub(crate) fn set_settings(&self, settings: Settings) {
        if crate::sync::planted!(SettingsClearedFirst) {
            self.settings.store(0, Ordering::Relaxed);
        }
        self.settings.store(settings.pack(), Ordering::Relaxed);
    }

    /// Applies `change` to the settings in force until what it was applied to
    /// is still there; the ones before and after.
    pub(crate) fn update_settings<E>(
        &self,
        mut change: impl FnMut(Settings) -> Result<Settings, E>,
    ) -> Result<(Settings, Settings), E> {
        let mut seen = self.settings.load(Ordering::Relaxed);
        loop {
            let old = Settings::unpack(seen).unwrap_or(Settings::DEFAULT);
            let new = change(old)?;
            if crate::sync::planted!(SettingsUpdatedByStore) {
                self.settings.store(new.pack(), Ordering::Relaxed);
                return Ok((old, new));
            }
            match self.settings.compare_exchange_weak(
                seen,
                new.pack(),
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return Ok((old, new)),
                Err(found) => seen = found,
            }
        }
    }

    /// Publishes `settings` where none are yet; the ones in force afterwards.
    pub(crate) fn publish_settings(&self, settings: Settings) -> Settings {
        match self.settings.compare_exchange(
            0,
            settings.pack(),
            Ordering::Relaxed,
            Ordering::Relaxed,
        ) {
            Ok(_) => settings,
            Err(published) => Settings::unpack(published).unwrap_or(settings),
        }
    }

    /// The name, as far as it is published.
    pub(crate) fn name(&self) -> Name {
        // Each word is written once and means something alone: relaxed.
        Name::from_words(self.name.each_ref().map(|word| match word.load(Ordering::Relaxed) {
            0 => 0,
            inverted => !inverted,
        }))
    }
}

/// A name's words as a cell keeps them.
const fn inverted(mut words: [u64; name::WORDS]) -> [u64; name::WORDS] {
    let mut at = 0;
    while at < words.len() {
        words[at] = !words[at];
        at += 1;
    }
    words
}
