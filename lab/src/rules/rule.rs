//! What a rule has to be for the laboratory.

use fusebox::Priority;

use crate::{random::Random, time::Time};

/// A circuit breaker, a throttle, a retry budget, or several of them: whatever decides
/// which calls are made, from how earlier ones ended.
///
/// One rule guards one service for one caller, or for all, as the storm says. Events
/// come in the order of their times.
pub trait Rule {
    /// A caller begins with a request. Its attempts follow, the first one at once.
    fn request(&mut self, _now: Time) {}

    /// Whether this attempt may be made. What is returned is handed back when it ends;
    /// `None` refuses it, and then [`end`](Self::end) is not called.
    fn admit(&mut self, attempt: Attempt, random: &mut Random) -> Option<Ticket>;

    /// An admitted attempt has ended.
    fn end(&mut self, ticket: Ticket, ended: Ended, random: &mut Random);

    /// Whether a failed request may be tried once more. A budget takes its token here.
    fn may_retry(&mut self, _now: Time) -> bool {
        true
    }

    /// How often [`update`](Self::update) is called, where the rule has work of its own.
    fn period(&self) -> Option<Time> {
        None
    }

    /// The periodic work.
    fn update(&mut self, _now: Time) {}

    /// How many bytes the rule keeps for one service: its counters, windows, and what
    /// they own on the heap, as the original keeps them.
    fn bytes(&self) -> usize;

    /// How often the rule has written to what its callers share.
    fn writes(&self) -> u64;
}

/// An attempt that is about to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// Now.
    pub now: Time,
    /// 1 for a request's first attempt.
    pub number: u32,
    /// How much its request matters. The rules of the field do not ask.
    pub priority: Priority,
}

impl Attempt {
    /// An attempt of this number, of a request that matters as much as most.
    #[must_use]
    pub const fn new(now: Time, number: u32) -> Self {
        Self { now, number, priority: Priority::DEFAULT }
    }
}

/// A rule's own note about an attempt that it admitted: a generation, say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ticket(pub u64);

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Now.
    pub now: Time,
    /// When it began.
    pub began: Time,
    /// 1 for a request's first attempt.
    pub number: u32,
    /// What came of it.
    pub end: End,
}

impl Ended {
    /// How long it took.
    #[must_use]
    pub fn took(&self) -> Time {
        self.now.since(self.began)
    }

    /// Whether it was no success.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.end != End::Success
    }
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// An answer.
    Success,
    /// An error of the service.
    Failure,
    /// The service has too much to do, and says so, as with a 429 or a 503.
    Overload,
    /// No answer within the caller's time.
    Timeout,
}
