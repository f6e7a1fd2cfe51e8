//! The settings in a slot: three words, each published by itself.

use super::{Cell, KEPT};
use crate::{
    breaker::settings::BreakerSettings,
    machine::{self, Machine},
    observe::trace::Cause,
    sync::planted,
};

impl Cell {
    /// The settings in force: the published ones, or else the defaults. The wait
    /// and the rule are read one after the other; each is one word, whole in itself.
    #[inline]
    pub(crate) fn settings(&self) -> BreakerSettings {
        let mut words = [0; BreakerSettings::WORDS];
        for (to, word) in words.iter_mut().zip(self.words()) {
            *to = word.load::<Published>().0;
        }
        BreakerSettings::unpack(words)
    }

    /// The settings in force, of which only how the breaker waits is looked at.
    #[inline]
    pub(crate) fn wait(&self) -> BreakerSettings {
        BreakerSettings::unpack([self.wait.load::<Published>().0, 0, 0])
    }

    /// The settings in force, of which only the rule is looked at.
    #[inline]
    pub(crate) fn rule(&self) -> BreakerSettings {
        #[cfg(not(fusebox_compact))]
        return BreakerSettings::unpack([0, self.rule.load::<Published>().0, 0]);
        #[cfg(fusebox_compact)]
        self.wait()
    }

    /// The settings in force, of which only what it does about load is looked at.
    #[cfg(not(fusebox_compact))]
    #[inline]
    pub(crate) fn load(&self) -> BreakerSettings {
        BreakerSettings::unpack([0, 0, self.load.load::<Published>().0])
    }

    /// Those that there is a place for: a compact slot has none for the rule, whose
    /// threshold is in the other word there.
    #[inline]
    const fn words(&self) -> [&Machine; KEPT] {
        [
            &self.wait,
            #[cfg(not(fusebox_compact))]
            &self.rule,
            #[cfg(not(fusebox_compact))]
            &self.load,
        ]
    }

    pub(crate) fn set_settings(&self, settings: BreakerSettings) {
        for (word, new) in self.words().into_iter().zip(settings.pack()) {
            if planted!(SettingsClearedFirst) {
                word.store(Published::NOTHING);
            }
            word.store(Published(new));
        }
        self.mark.owe(Cause::Settings);
        self.attend();
    }

    /// Applies `change` to the settings in force until what it was applied to is
    /// still there; the ones before and after. A word that does not change is not
    /// written, so changes of the wait and of the rule do not meet.
    pub(crate) fn update_settings<E>(
        &self,
        mut change: impl FnMut(BreakerSettings) -> Result<BreakerSettings, E>,
    ) -> Result<(BreakerSettings, BreakerSettings), E> {
        let first = self.settings();
        let mut old = first;
        let new = loop {
            let new = change(old)?;
            let mut words = self.words().into_iter().zip(old.pack()).zip(new.pack());
            if words.all(|((word, old), new)| old == new || replace(word, old, new)) {
                break new;
            }
            old = self.settings();
        };
        self.mark.owe(Cause::Settings);
        self.attend();
        Ok((first, new))
    }

    /// Publishes `settings` where none are yet; the ones in force afterwards.
    pub(crate) fn publish_settings(&self, settings: BreakerSettings) -> BreakerSettings {
        // The wait first: whoever finds another one there leaves the rule alone. So
        // all words are one claimer's, or two claimers agree on the first.
        let mut published = settings.pack();
        let mut own = true;
        for (word, to) in self.words().into_iter().zip(&mut published) {
            let new = Published(*to);
            let step = word.step(word.load(), |word: Published| match word {
                Published::NOTHING if own => (new, ()),
                there => (there, ()),
            });
            *to = step.to.0;
            own = step.to == new;
        }
        self.attend();
        BreakerSettings::unpack(published)
    }
}

/// Replaces a word of the settings, if it is still the old one, or is none and read as
/// that.
fn replace(word: &Machine, old: u64, new: u64) -> bool {
    let step = word.step(word.load(), |word: Published| match word {
        Published(there) if there == old || there == Published::NOTHING.0 => (Published(new), ()),
        there => (there, ()),
    });
    step.to == Published(new)
}

/// A word of the settings: all zeros is "not published".
#[derive(Clone, Copy, PartialEq, Eq)]
struct Published(u64);

impl Published {
    const NOTHING: Self = Self(0);
}

impl machine::Word for Published {
    crate::machine::bits!();

    #[cfg(fusebox_loom)]
    fn is_torn(self, next: Self) -> bool {
        if self == Self::NOTHING {
            planted!(SettingsPublishedByStore)
        } else {
            planted!(SettingsUpdatedByStore) && next != Self::NOTHING
        }
    }
}
