//! What a limiter is: who is let in, and what it hears of those who were.

/// A limit of calls in flight that is found out.
pub trait Limiter {
    /// What a call holds while it is under way.
    type Held<'a>
    where
        Self: 'a;

    /// Lets a call in, or not.
    fn admit(&self) -> Option<Self::Held<'_>>;

    /// A call has ended.
    fn end<'a>(&'a self, held: Self::Held<'a>, ended: Ended);

    /// How many calls may be in flight now.
    fn limit(&self) -> f64;
}

/// The end of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// When, in microseconds.
    pub now: u64,
    /// How long it took, in microseconds.
    pub micros: u64,
}

/// The bounds of every limiter in a table: the same for all, so that each can reach every
/// knee.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Where it begins.
    pub initial: f64,
    /// No less.
    pub min: f64,
    /// No more.
    pub max: f64,
}

impl Bounds {
    /// 20, from 1 to 1000: fusebox's defaults.
    pub const USUAL: Self = Self { initial: 20.0, min: 1.0, max: 1_000.0 };

    /// A limit within them.
    #[must_use]
    pub const fn clamp(self, limit: f64) -> f64 {
        limit.clamp(self.min, self.max)
    }
}
