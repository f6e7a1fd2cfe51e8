//! What an operator can do to a breaker's state.

use fusebox::CircuitBreaker;

/// What an operator can do to a breaker's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Opens it by force.
    Isolate,
    /// Closes it.
    Close,
    /// Takes it out of the picture.
    Disable,
    /// Makes it as new.
    Reset,
}

impl Action {
    /// Its command.
    #[must_use]
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Isolate => "isolate",
            Self::Close => "close",
            Self::Disable => "disable",
            Self::Reset => "reset",
        }
    }

    /// Does it, and says from what state to what.
    #[must_use]
    pub fn apply(self, breaker: &CircuitBreaker) -> String {
        // Another process may be faster: then this is what was seen last.
        let from = breaker.state();
        match self {
            Self::Isolate => breaker.force_open(),
            Self::Close => breaker.close(),
            Self::Disable => breaker.disable(),
            Self::Reset => breaker.reset(),
        }
        let to = breaker.state();
        if self == Self::Reset {
            format!("{from} -> {to}, reset")
        } else {
            format!("{from} -> {to}")
        }
    }
}
