//! Permits: words of which only the state and the generation matter, or of a call that
//! is timed.

use super::{ATTENTION, GENERATION, HALF_OPEN, SCORE, STAMP, STATE, Word};
use crate::time::Tick;

impl Word {
    /// A permit of a closed breaker's generation.
    pub(crate) const fn ticket_of(generation: u16) -> Self {
        Self((generation as u64) << 52 & GENERATION)
    }

    /// What a permit keeps of the word that admitted it.
    #[inline]
    pub(crate) const fn ticket(self) -> Self {
        Self(self.0 & (STATE | GENERATION))
    }

    /// A permit for a call that began at this moment, and is noted at this place,
    /// of at most [`PLACES`](Self::PLACES).
    pub(crate) const fn timed(self, began: Tick, place: Option<u64>) -> Self {
        let place = match place {
            Some(place) => place + 1,
            None => 0,
        };
        Self(self.ticket().0 | ATTENTION | place << 40 | began.as_millis() & STAMP)
    }

    /// The most places that a permit can name.
    pub(crate) const PLACES: u64 = (SCORE >> 40) - 1;

    /// Of a permit: whether its call is timed.
    #[inline]
    pub(crate) const fn is_timed(self) -> bool {
        !cfg!(fusebox_compact) && self.0 & ATTENTION != 0
    }

    /// Of a permit for a timed call: when it began, and where that is noted.
    pub(crate) const fn timing(self) -> (Tick, Option<u64>) {
        (Tick::from_millis(self.0 & STAMP), self.score().checked_sub(1))
    }

    /// Whether a permit that gives back nothing may be dropped without a word: it is
    /// neither a probe nor timed.
    #[inline]
    pub(crate) const fn is_free(self) -> bool {
        self.0 & (STATE & HALF_OPEN | ATTENTION) == 0
    }
}
