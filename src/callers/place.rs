//! Under which number a breaker is mapped, and in which panel.
//!
//! | bits | field |
//! |---|---|
//! | 63..32 | the panel, by a number that was drawn; 1 is this process's own breakers |
//! | 31 | calls are learned from |
//! | 30..20 | the most attempts of a retry around the breaker's calls |
//! | 19..9 | the most attempts of a retry inside its calls |
//! | 8..0 | its number, from 1 to 256 |

use crate::machine;

/// A place in a map. 0 is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place(u64);

const PANEL: u32 = 32;
const LEARNS: u64 = 1 << 31;
const AROUND: u32 = 20;
const WITHIN: u32 = 9;
const ATTEMPTS: u64 = (1 << 11) - 1;
const NUMBER: u64 = (1 << 9) - 1;

/// The largest number of a breaker in a map.
pub(crate) const MOST: u16 = 256;

/// The panel of breakers that are in none.
pub(crate) const OWN_PANEL: u32 = 1;

/// So many attempts are told apart; more are as many.
pub(crate) const MOST_ATTEMPTS: u16 = 2_047;

impl Place {
    /// The same breaker's place, by now under this number of this panel, and learning.
    pub(crate) const fn learning(self, panel: u32, number: u16) -> Self {
        let attempts = self.0 & (ATTEMPTS << AROUND | ATTEMPTS << WITHIN);
        Self((panel as u64) << PANEL | LEARNS | attempts | (number as u64) & NUMBER)
    }

    /// What was learned stays.
    pub(crate) const fn at_rest(self) -> Self {
        Self(self.0 & !LEARNS)
    }

    /// No attempts are known; the place and whether it learns stay.
    pub(crate) const fn forgotten(self) -> Self {
        Self(self.0 & !(ATTEMPTS << AROUND | ATTEMPTS << WITHIN))
    }

    /// Whether calls are to be looked at.
    #[inline]
    pub(crate) const fn learns(self) -> bool {
        self.0 & LEARNS != 0
    }

    /// 0 for none.
    pub(crate) const fn panel(self) -> u32 {
        (self.0 >> PANEL) as u32
    }

    /// The number, where it is one.
    #[allow(clippy::cast_possible_truncation)] // 9 bits
    pub(crate) const fn number(self) -> Option<u16> {
        let number = (self.0 & NUMBER) as u16;
        if 1 <= number && number <= MOST { Some(number) } else { None }
    }

    /// The most attempts around its calls; at least 1.
    pub(crate) const fn around(self) -> u16 {
        self.attempts(AROUND)
    }

    /// The most attempts inside its calls; at least 1.
    pub(crate) const fn within(self) -> u16 {
        self.attempts(WITHIN)
    }

    #[allow(clippy::cast_possible_truncation)] // 11 bits
    const fn attempts(self, at: u32) -> u16 {
        let attempts = (self.0 >> at & ATTEMPTS) as u16;
        if attempts == 0 { 1 } else { attempts }
    }

    /// With so many attempts around and within, where that is more than was known.
    pub(crate) const fn with_attempts(self, around: u16, within: u16) -> Self {
        let around = if around > self.around() { around } else { self.around() };
        let within = if within > self.within() { within } else { self.within() };
        Self(self.forgotten().0 | kept(around) << AROUND | kept(within) << WITHIN)
    }
}

/// One attempt is written as none: so a breaker without retries is never written to.
const fn kept(attempts: u16) -> u64 {
    match attempts {
        0 | 1 => 0,
        more if more > MOST_ATTEMPTS => MOST_ATTEMPTS as u64,
        more => more as u64,
    }
}

impl machine::Word for Place {
    crate::machine::bits!();
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Place = Place(0);

    #[test]
    fn a_place_says_what_it_was_made_of() {
        let place = NONE.learning(0xDEAD_BEEF, 256);
        assert_eq!((place.panel(), place.number(), place.learns()), (0xDEAD_BEEF, Some(256), true));
        assert_eq!((place.around(), place.within()), (1, 1));
        let tried = place.with_attempts(3, 5).with_attempts(2, 9_999);
        assert_eq!((tried.around(), tried.within()), (3, MOST_ATTEMPTS));
        assert_eq!(tried.forgotten(), place);
        assert_eq!(tried.at_rest().learning(0xDEAD_BEEF, 256), tried);
        assert!(!tried.at_rest().learns());
        assert_eq!(place.with_attempts(1, 0), place, "nothing is written for one attempt");
    }

    #[test]
    fn a_number_that_is_none_is_none() {
        assert_eq!(NONE.number(), None);
        assert_eq!(NONE.learning(7, 257).number(), None);
        assert_eq!(NONE.learning(7, 1).number(), Some(1));
    }
}
