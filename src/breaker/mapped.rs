//! A breaker that is on a map: who calls it is learned.

use core::{error::Error, fmt};

use crate::{
    breaker::CircuitBreaker,
    callers::{
        callers::Callers,
        place::{MOST, OWN_PANEL},
    },
};

impl<C, O> CircuitBreaker<C, O> {
    /// Gives a breaker that is in no registry a number on this process's own map, from 1 to
    /// 256, and has learned from then on which others with such a number call it; or, with
    /// `None`, no longer. What was learned stays until it is [forgotten](Self::forget_callers).
    ///
    /// Each breaker has a number of its own, or two share their callers' edges. A breaker of
    /// a registry has the number of its slot: see [`Panel::set_mapped`](crate::Panel::set_mapped).
    ///
    /// While it learns, calls come out of line, as they do where anything has the breaker's
    /// attention, and take that much longer.
    ///
    /// # Errors
    /// [`NoSuchPlace`] for another number; nothing was changed then.
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker, Map};
    ///
    /// static SHOP: CircuitBreaker = CircuitBreaker::named("shop", BreakerConfig::new().build());
    /// static DB: CircuitBreaker = CircuitBreaker::named("db", BreakerConfig::new().build());
    ///
    /// SHOP.set_mapped(Some(1))?;
    /// DB.set_mapped(Some(2))?;
    /// let _ = SHOP.call(|| DB.call(|| Ok::<_, &str>(42)).map_err(|_| "no stock"));
    /// let map = Map::of_own([SHOP.reading(), DB.reading()]);
    /// assert_eq!(map.to_string(), "shop  closed\n  db  closed\n");
    /// # Ok::<(), fusebox::NoSuchPlace>(())
    /// ```
    pub fn set_mapped(&self, number: Option<u16>) -> Result<(), NoSuchPlace> {
        let callers = &self.cell.callers;
        match number {
            Some(number @ 1..=MOST) => callers.learn(OWN_PANEL, number),
            Some(number) => return Err(NoSuchPlace { number }),
            None => callers.rest(),
        }
        self.cell.watch();
        Ok(())
    }

    /// Forgets who called this breaker, and how often calls were tried. Whether it learns
    /// stays as it is.
    pub fn forget_callers(&self) {
        self.cell.callers.forget();
    }

    /// Whether calls are looked at, as the gate says.
    #[cfg(fusebox_loom)]
    #[doc(hidden)]
    pub fn has_watched_gate(&self) -> bool {
        self.cell.gate.load::<crate::overload::gate::Gate>().is_watched()
    }

    /// Returns what is known of this breaker's callers.
    #[must_use]
    pub fn callers(&self) -> Callers {
        self.cell.callers.get()
    }
}

/// A map has no place of this number: they are numbered from 1 to 256.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoSuchPlace {
    /// The number that was asked for.
    pub number: u16,
}

impl fmt::Display for NoSuchPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a map has the numbers 1 to {MOST}, and {} was asked for", self.number)
    }
}

impl Error for NoSuchPlace {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{breaker::settings::BreakerConfig, observe::DefaultObserver, time::ManualClock};

    type Words = [u64; 5];

    /// Places that are nearly right more often than chance has them: of this panel, learning,
    /// with any number and any attempts.
    fn words() -> impl Strategy<Value = Words> {
        let near = (any::<u32>(), any::<[u64; 4]>()).prop_map(|(place, bits)| {
            [u64::from(OWN_PANEL) << 32 | u64::from(place), bits[0], bits[1], bits[2], bits[3]]
        });
        prop_oneof![any::<Words>(), near]
    }

    proptest! {
        /// Memory that is shared can hold anything.
        #[test]
        fn any_bits_in_the_words_of_callers_are_harmless(
            outer in words(), inner in words(), is_watched in any::<bool>(),
        ) {
            let clock = ManualClock::new();
            let breakers = [outer, inner].map(|words| {
                let settings = BreakerConfig::new().build();
                let breaker = CircuitBreaker::with(None, settings, &clock, DefaultObserver);
                breaker.cell.callers.set(words);
                if is_watched {
                    breaker.cell.watch();
                }
                breaker
            });
            let [shop, db] = &breakers;
            let call = || shop.call(|| db.call(|| Ok::<_, &str>(42)).map_err(|_| "no stock"));
            prop_assert_eq!(call().ok(), Some(42));
            for breaker in &breakers {
                let callers = breaker.reading().callers;
                prop_assert!(callers.number().is_none_or(|it| (1..=MOST).contains(&it)));
                prop_assert!((1..=2_047).contains(&callers.attempts_around()));
                prop_assert!((1..=2_047).contains(&callers.attempts_within()));
                prop_assert!(callers.iter().all(|it| (1..=MOST).contains(&it)));
                prop_assert!(!callers.has(0) && !callers.has(MOST + 1));
            }
            // Written anew, they are as good as new.
            for (breaker, number) in breakers.iter().zip(1..) {
                breaker.forget_callers();
                breaker.set_mapped(Some(number)).unwrap();
                let callers = breaker.callers();
                prop_assert_eq!((callers.number(), callers.panel()), (Some(number), OWN_PANEL));
                prop_assert_eq!((callers.attempts_around(), callers.attempts_within()), (1, 1));
                prop_assert_eq!(callers.iter().count(), 0);
            }
            prop_assert_eq!(call().ok(), Some(42));
            let learned = db.callers().iter().collect::<std::vec::Vec<_>>();
            prop_assert_eq!(learned, if cfg!(feature = "map") { std::vec![1] } else { std::vec![] });
        }
    }
}
