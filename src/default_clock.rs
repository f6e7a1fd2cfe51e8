//! The clock of a breaker that names none.

/// The clock of a breaker that names none: [`StdClock`](crate::StdClock).
#[cfg(feature = "std")]
pub type DefaultClock = crate::std_clock::StdClock;

/// The clock of a breaker that names none. Without `std` there is none: this
/// type has no values, so name your own.
#[cfg(not(feature = "std"))]
#[derive(Debug, Clone, Copy)]
pub enum DefaultClock {}

#[cfg(not(feature = "std"))]
impl crate::clock::Clock for DefaultClock {
    fn now(&self) -> crate::clock::Tick {
        match *self {}
    }
}
