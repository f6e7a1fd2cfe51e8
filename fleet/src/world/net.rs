//! The way from the store to its readers.

/// What the network does to each message on its way from the store to one reader.
#[derive(Debug, Clone, Copy)]
pub struct Net {
    /// From so many milliseconds to so many: where they differ, messages pass each other.
    pub delay: (u64, u64),
    /// So many messages in a hundred get lost.
    pub lost: u64,
    /// So many in a hundred come twice.
    pub twice: u64,
    /// The halves of the fleet do not hear each other.
    pub halves: bool,
    /// Nobody hears this one, but it hears all.
    pub mute: Option<usize>,
    /// This one hears nobody, but all hear it.
    pub deaf: Option<usize>,
}

impl Net {
    /// Each message comes once, after so many milliseconds.
    #[must_use]
    pub const fn good(delay: u64) -> Self {
        Self { delay: (delay, delay), lost: 0, twice: 0, halves: false, mute: None, deaf: None }
    }

    /// Whether all readers hear the same, at the same time.
    pub(super) fn is_good(&self) -> bool {
        let Self { delay, lost, twice, halves, mute, deaf } = *self;
        let is_plain = delay.0 == delay.1 && lost == 0 && twice == 0 && !halves;
        is_plain && mute.is_none() && deaf.is_none()
    }
}
