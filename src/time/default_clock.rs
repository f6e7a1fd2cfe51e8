//! The clock of a breaker that names none.

/// The clock of a breaker that names none: [`StdClock`](crate::StdClock).
#[cfg(feature = "std")]
pub type DefaultClock = crate::time::StdClock;

/// The clock of a breaker that names none. Without `std` there is none: this
/// type has no values, so name your own.
#[cfg(not(feature = "std"))]
#[derive(Debug, Clone, Copy)]
pub enum DefaultClock {}

#[cfg(not(feature = "std"))]
impl crate::time::Clock for DefaultClock {
    fn now(&self) -> crate::time::Tick {
        match *self {}
    }
}
