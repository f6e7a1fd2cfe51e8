//! Calls that matter less are turned away.

use crate::{
    bypass,
    error::{LimitKind, Limited},
    name::{Name, WORDS},
    observe::{DefaultObserver, Event, Observer},
    overload::{pressure::pressure::Pressure, priority::Priority},
    time::Clock,
};

impl<C: Clock> Pressure<C> {
    /// Asks for a call of this priority. While the host is calm that is one load.
    ///
    /// # Errors
    /// [`Limited`] where calls that matter so little are turned away at the level of now:
    /// see [`PressureLevel`](crate::PressureLevel). When that ends, nobody knows: it names
    /// no time. The default observer hears of it.
    ///
    /// ```
    /// use fusebox::{Pressure, PressureConfig, PressureReading, Priority};
    ///
    /// let host = Pressure::new(PressureConfig::new().build());
    /// host.set(PressureReading { memory: 300, ..PressureReading::CALM });
    /// let limited = host.admit(Priority::BACKGROUND).unwrap_err();
    /// assert_eq!(limited.to_string(), "host pressure is too high");
    /// host.set(PressureReading::CALM);
    /// assert!(host.admit(Priority::BACKGROUND).is_ok());
    /// ```
    #[inline]
    pub fn admit(&self, priority: Priority) -> Result<(), Limited> {
        self.admit_of(|| priority)
    }

    /// Asks for a call of the [current](Priority::current) priority, which is looked up
    /// only where the host is not calm.
    ///
    /// # Errors
    /// As [`admit`](Self::admit).
    #[inline]
    pub fn admit_current(&self) -> Result<(), Limited> {
        self.admit_of(Priority::current)
    }

    /// Asks for a call of a priority that is found out only where the host is not calm.
    #[inline]
    pub(crate) fn admit_of(&self, priority: impl FnOnce() -> Priority) -> Result<(), Limited> {
        if self.is_calm() { Ok(()) } else { self.admit_unless_pressed(priority) }
    }

    #[cold]
    #[inline(never)]
    fn admit_unless_pressed(&self, priority: impl FnOnce() -> Priority) -> Result<(), Limited> {
        if self.admits(priority()) || bypass::limits() {
            return Ok(());
        }
        let nameless = Name::from_words([0; WORDS]);
        let limited = Limited::of(nameless, LimitKind::Pressure, None);
        DefaultObserver.on_event(&Event::Limited(&limited));
        Err(limited)
    }
}
