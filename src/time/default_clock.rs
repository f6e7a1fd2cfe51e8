//! The clock of a breaker or policy that was given no other.

/// The clock of a breaker or policy without one of its own:
/// [`StdClock`](crate::StdClock).
#[cfg(feature = "std")]
pub type DefaultClock = crate::time::StdClock;

/// The clock of a breaker or policy without one of its own. Without `std` the
/// crate knows no clock, so this type has no values: write your own
/// [`Clock`](crate::Clock).
#[cfg(not(feature = "std"))]
#[derive(Debug, Clone, Copy)]
pub enum DefaultClock {}

#[cfg(not(feature = "std"))]
impl crate::time::Clock for DefaultClock {
    fn now(&self) -> crate::time::Tick {
        match *self {}
    }
}
