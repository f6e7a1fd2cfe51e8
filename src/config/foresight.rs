//! What a breaker does about trouble that it foresees: a setting that is a word.

use core::fmt;

/// What a breaker does about trouble that it foresees. Each does what the ones before it
/// do, and one thing more.
///
/// ```
/// use fusebox::{BreakerConfig, Foresight};
///
/// let settings = BreakerConfig::new().foresight(Foresight::Shed).build();
/// assert_eq!(settings.foresight(), Foresight::Shed);
/// assert!(Foresight::Shed > Foresight::Prime);
/// assert_eq!(BreakerConfig::new().build().foresight(), Foresight::Off);
/// assert_eq!(Foresight::Prime.to_string(), "prime");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Foresight {
    /// It foresees nothing, and calls pay nothing for it.
    #[default]
    Off,
    /// It looks ahead, and only tells: by [`Event::Foreseen`](crate::Event::Foreseen), and
    /// in [`Reading::risk`](crate::Reading::risk).
    Watch,
    /// In an alarm the next failure opens, no hedge starts, and a retry that
    /// [heeds](crate::Retry::heeding) the breaker makes no further attempt.
    Prime,
    /// In an alarm it turns calls away whose priority is below
    /// [`Priority::DEFAULT`](crate::Priority::DEFAULT), too.
    Shed,
    /// It opens, too, where there are twice the points of an alarm.
    Open,
}

impl Foresight {
    /// The words, by their number in the settings.
    pub(crate) const WORDS: &[&str] = &["off", "watch", "prime", "shed", "open"];

    /// Its number in the settings.
    pub(crate) const fn number(self) -> u64 {
        self as u64
    }

    /// That of a number. A foreign writer's impossible one is `Off`.
    pub(crate) const fn of(number: u64) -> Self {
        match number {
            1 => Self::Watch,
            2 => Self::Prime,
            3 => Self::Shed,
            4 => Self::Open,
            _ => Self::Off,
        }
    }
}

/// Its word, as in "prime".
impl fmt::Display for Foresight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(Self::WORDS[*self as usize])
    }
}
