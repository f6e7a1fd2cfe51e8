//! Events: what breakers and policies tell an observer.

use core::{fmt, time::Duration};

use crate::{
    config::{Foresight, Setting},
    error::{Limited, Rejected},
    observe::{ErrorText, LastError, Noted},
    risk::Risk,
    state::{Outcome, State},
};

/// Something that happened to a breaker or a policy, as an
/// [`Observer`](crate::Observer) hears of it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A breaker changed its state.
    Transition(Transition<'a>),
    /// A breaker turned a call away.
    Rejection(Rejection<'a>),
    /// A limit turned a call away.
    Limited(&'a Limited),
    /// A retry is about to wait before another attempt.
    Retry(Retrying<'a>),
    /// A retry gave up on an error that it would have retried.
    Exhausted(Exhausted<'a>),
    /// A learned limit that is in force has changed.
    Learned(Relearned<'a>),
    /// A tuner has changed a setting.
    Tuned(Tuned<'a>),
    /// The calls of a failover set go elsewhere than before.
    Failover(FailedOver<'a>),
    /// A call failed, and its fallback was asked.
    Fallback(FallbackUsed<'a>),
    /// A breaker that was found by name, or the environment, is not what it
    /// should be.
    Misconfigured(Misconfigured<'a>),
    /// A breaker foresees trouble, or does so no more.
    Foreseen(Foreseen<'a>),
    /// A call through a breaker ended. It is sent only where somebody asks for it
    /// ([`TimeCalls`](crate::TimeCalls)).
    Call(Called<'a>),
    /// A drill began or ended, or gave a call a fault.
    Drill(Drilling<'a>),
}

/// A drill began or ended, or gave a call a fault. The program whose calls it drills tells it,
/// with the first call under the drill and the first one after it. Who asked for the drill is
/// not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drilling<'a> {
    /// The breaker's name, where it has one.
    pub breaker: Option<&'a str>,
    /// What happened.
    pub step: DrillStep,
}

/// As in "a drill of `shop` began".
impl fmt::Display for Drilling<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a drill")?;
        if let Some(breaker) = self.breaker {
            write!(f, " of `{breaker}`")?;
        }
        match self.step {
            DrillStep::Began => f.write_str(" began"),
            DrillStep::Fault { fault, call } => write!(f, " gave call {call} {fault}"),
            DrillStep::Ended => f.write_str(" ended"),
        }
    }
}

/// What happened in a drill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DrillStep {
    /// The first call came under it.
    Began,
    /// A call got a fault.
    Fault {
        /// Which one.
        fault: DrillFault,
        /// The call's number, from 0: of those that the breaker admitted under the drill.
        call: u64,
    },
    /// It is over, and the first call came after it.
    Ended,
}

/// What a drill does to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DrillFault {
    /// The call is not made, and fails.
    Error,
    /// The call is not made, and fails when the drill ends.
    Hang,
    /// The call is not made, and panics.
    Panic,
    /// The call is made later.
    Latency,
}

impl fmt::Display for DrillFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Error => "an error",
            Self::Hang => "a hang",
            Self::Panic => "a panic",
            Self::Latency => "latency",
        })
    }
}

/// A breaker foresees trouble, or does so no more. It is told once for each alarm, and once
/// for its end, which is seen by the first call after that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Foreseen<'a> {
    /// The breaker's name, where it has one.
    pub breaker: Option<&'a str>,
    /// What is foreseen, and by which signs; [`Risk::is_alarm`] says whether it begins or
    /// ends.
    pub risk: Risk,
    /// What the breaker does about it.
    pub foresight: Foresight,
}

/// As in "trouble is foreseen for `shop`: alarm, 120%: others have seen enough failures
/// (120%)".
impl fmt::Display for Foreseen<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.risk.is_alarm() {
            "trouble is foreseen for "
        } else {
            "trouble is foreseen no more for "
        })?;
        match self.breaker {
            Some(breaker) => write!(f, "`{breaker}`")?,
            None => f.write_str("a breaker")?,
        }
        write!(f, ": {}", self.risk)
    }
}

/// A call through a breaker ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Called<'a> {
    /// The breaker's name, where it has one.
    pub breaker: Option<&'a str>,
    /// What its end says of the service. A call that panicked is a failure; one
    /// that was dropped before its end is ignored.
    pub outcome: Outcome,
    /// The time from the breaker's admission to the call's end, by the breaker's
    /// clock ([`Clock::elapsed`](crate::Clock::elapsed)).
    pub duration: Duration,
}

/// A breaker that was found by name has other settings than were asked for, or
/// an environment variable means nothing. The program goes on with what there
/// is, and sends this event once.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Misconfigured<'a> {
    /// The breaker's name, or that of an environment variable.
    pub subject: &'a str,
    /// What is wrong. Either other settings were published under the name, and
    /// those hold. Or the registry is full, and the caller has a breaker of its
    /// own. Or the variable holds words that are not known.
    pub error: &'a (dyn core::error::Error + 'a),
}

/// A retry is about to wait before another attempt.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Retrying<'a> {
    /// The retry's name, where it has one.
    pub policy: Option<&'a str>,
    /// The number of the attempt that failed, from 1.
    pub attempt: u32,
    /// How many attempts the retry may make.
    pub max_attempts: u32,
    /// How long the retry will wait before the next attempt.
    pub delay: Duration,
    /// What the attempt failed with: `{}` writes its text.
    pub error: &'a dyn ErrorText,
}

/// A retry gave up on an error that it would have retried.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Exhausted<'a> {
    /// The retry's name, where it has one.
    pub policy: Option<&'a str>,
    /// How many attempts were made.
    pub attempts: u32,
    /// Which limit was reached.
    pub limit: Limit,
    /// What the last attempt failed with: `{}` writes its text.
    pub error: &'a dyn ErrorText,
}

/// A limit of a retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// The number of attempts.
    Attempts,
    /// The time for all attempts: another delay would have overrun it.
    Elapsed,
    /// The longest delay: a hint asked for a longer one.
    Hint,
    /// The budget of retries: none was left.
    Budget,
    /// The call's deadline: another delay or attempt could not have ended before it.
    Deadline,
    /// The host's pressure: it is so high that no further attempt is made.
    Pressure,
    /// Trouble that is foreseen: no further attempt is made until that is over.
    Foresight,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Attempts => "attempts",
            Self::Elapsed => "elapsed time",
            Self::Hint => "longest delay",
            Self::Budget => "retry budget",
            Self::Deadline => "deadline",
            Self::Pressure => "host pressure",
            Self::Foresight => "foreseen trouble",
        })
    }
}

/// The limit above which a breaker's call is slow has changed, as a learned baseline has
/// moved by more than a quarter: see [`slow_above`](crate::BreakerConfig::slow_above).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Relearned<'a> {
    /// The breaker's name, where it has one.
    pub breaker: Option<&'a str>,
    /// The limit before. `None` is that no call was slow.
    pub from: Option<Duration>,
    /// The limit now.
    pub to: Option<Duration>,
    /// The usual latency that it follows now, or followed until it was forgotten.
    pub baseline: Option<Duration>,
    /// How many percent of that the limit is, within its bounds.
    pub percent: u16,
    /// Why it has changed.
    pub reason: LearnedReason,
}

/// A tuner has changed a setting of a breaker.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Tuned<'a> {
    /// The breaker's name, where it has one.
    pub breaker: Option<&'a str>,
    /// The setting.
    pub setting: &'static Setting,
    /// The value before, in the setting's unit.
    pub from: u64,
    /// The value now.
    pub to: u64,
    /// Why, in words.
    pub reason: fmt::Arguments<'a>,
}

/// As in "`shop`: probes 1 → 2: why". Times are shown with their units.
impl fmt::Display for Tuned<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { breaker, setting, from, to, reason } = self;
        if let Some(name) = breaker {
            write!(f, "`{name}`: ")?;
        }
        let (from, to) = (setting.shown((*from).into()), setting.shown((*to).into()));
        write!(f, "{} {from} → {to}: {reason}", setting.name())
    }
}

/// Why a learned limit has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LearnedReason {
    /// Enough was seen to know what is usual.
    Known,
    /// The service has become slower.
    Slower,
    /// The service has become faster.
    Faster,
    /// Somebody had it [forgotten](crate::CircuitBreaker::forget_learned).
    Forgotten,
}

impl fmt::Display for LearnedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Known => "enough calls were seen",
            Self::Slower => "the service has become slower",
            Self::Faster => "the service has become faster",
            Self::Forgotten => "what was learned is forgotten",
        })
    }
}

/// As in "a call of `shop` is slow above 240ms now, and not above 180ms: the service has
/// become slower, 99 of 100 calls usually take less than 120ms, and 200% of that is the limit".
impl fmt::Display for Relearned<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.to {
            Some(_) => "a call of ",
            None => "no call of ",
        })?;
        match self.breaker {
            Some(name) => write!(f, "`{name}`")?,
            None => f.write_str("a breaker")?,
        }
        match self.to {
            Some(limit) => write!(f, " is slow above {limit:?} now")?,
            None => f.write_str(" is slow now")?,
        }
        match self.from {
            Some(limit) if self.to.is_some() => write!(f, ", and not above {limit:?}")?,
            Some(limit) => write!(f, ", where the limit was {limit:?}")?,
            None => {}
        }
        write!(f, ": {}", self.reason)?;
        match self.baseline {
            Some(baseline) if self.reason != LearnedReason::Forgotten => write!(
                f,
                ", 99 of 100 calls usually take less than {baseline:?}, and {}% of that is the limit",
                self.percent
            ),
            _ => Ok(()),
        }
    }
}

/// The calls of a failover set go elsewhere than before. It is told once for each such
/// change, not for each call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedOver<'a> {
    /// The name of the set, where it has one.
    pub set: Option<&'a str>,
    /// Where the calls go from now on.
    pub state: FailoverState,
    /// The member that takes a share of the calls no more, or takes less of them: the home
    /// in most cases.
    pub from: Option<&'a str>,
    /// The member that took the call at which this was seen; `None` where no member did,
    /// and where the set panics.
    pub to: Option<&'a str>,
}

/// As in "calls of `shops` go away from `eu`, to `us`".
impl fmt::Display for FailedOver<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("calls of ")?;
        match self.set {
            Some(set) => write!(f, "`{set}`")?,
            None => f.write_str("a failover set")?,
        }
        match self.state {
            FailoverState::Home => f.write_str(" go home")?,
            FailoverState::Away => f.write_str(" go away")?,
            FailoverState::Returning => f.write_str(" return by and by")?,
            FailoverState::Panic => f.write_str(" go to all members: too few are available")?,
        }
        if let Some(from) = self.from {
            write!(f, " from `{from}`")?;
        }
        match self.to {
            Some(to) => write!(f, ", to `{to}`"),
            None => Ok(()),
        }
    }
}

/// Where the calls of a failover set go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailoverState {
    /// To the home, the first member.
    Home,
    /// Elsewhere, as far as the budgets allow: the home was down, and is not back yet, or
    /// the set is sticky.
    Away,
    /// To the home, a share that grows, and the rest elsewhere.
    Returning,
    /// To all members in turn: too few are available.
    Panic,
}

impl fmt::Display for FailoverState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Home => "home",
            Self::Away => "away",
            Self::Returning => "returning",
            Self::Panic => "panic",
        })
    }
}

/// A call failed, and its fallback was asked.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct FallbackUsed<'a> {
    /// The fallback's name, where it has one.
    pub policy: Option<&'a str>,
    /// The number of the layer that answered, from 1; `None` if every layer
    /// failed.
    pub layer: Option<u32>,
    /// The age of the answer, where it is a last good value.
    pub age: Option<Duration>,
    /// The errors: the call's own, then that of each layer that was asked.
    pub errors: Errors<'a>,
}

/// The errors of a call and of its fallback's layers, in their order. Its
/// `Debug` is a list of their texts.
#[derive(Clone, Copy)]
pub struct Errors<'a>(pub(crate) &'a dyn EachError);

impl Errors<'_> {
    /// Shows each error to `see`, the call's own first.
    pub fn each(&self, mut see: impl FnMut(&dyn ErrorText)) {
        self.0.each(&mut |error| see(&error));
    }

    /// Returns the number of errors. It is 0 where a value of the call was
    /// refused, and no layer failed.
    #[must_use]
    pub fn count(&self) -> usize {
        let mut count = 0;
        self.each(|_| count += 1);
        count
    }
}

impl fmt::Debug for Errors<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        self.each(|error| {
            list.entry(&format_args!("{error}"));
        });
        list.finish()
    }
}

/// Several errors, which may be of several types.
pub(crate) trait EachError {
    fn each(&self, see: &mut dyn FnMut(&dyn fmt::Debug));
}

/// A call that a breaker turned away.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Rejection<'a> {
    /// What its caller gets.
    pub rejected: &'a Rejected,
    pub(crate) noted: &'a Noted,
}

impl Rejection<'_> {
    /// Returns the text of the breaker's last error, where somebody keeps it
    /// ([`note_error`](crate::CircuitBreaker::note_error)).
    #[must_use]
    pub fn last_error(&self) -> Option<LastError> {
        self.noted.get()
    }
}

/// Writes what its caller reads, and the last error where there is one.
impl fmt::Display for Rejection<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rejected.fmt(f)?;
        match self.last_error() {
            Some(error) => write!(f, "; the last error was: {error}"),
            None => Ok(()),
        }
    }
}

/// A breaker's change of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transition<'a> {
    /// The breaker's name, where it has one.
    pub breaker: Option<&'a str>,
    /// The state that the breaker left.
    pub from: State,
    /// The state that the breaker entered. It equals `from` where an operator
    /// forced a state that the breaker had already.
    pub to: State,
    /// The generation that the breaker entered, 0 to 1023, wrapping.
    pub generation: u16,
    /// Whether somebody forced the change ([`force_open`], [`trip`],
    /// [`trip_for`], [`close`], [`disable`], [`reset`]). Otherwise calls and time
    /// brought it about.
    ///
    /// [`trip`]: crate::CircuitBreaker::trip
    /// [`trip_for`]: crate::CircuitBreaker::trip_for
    /// [`force_open`]: crate::CircuitBreaker::force_open
    /// [`close`]: crate::CircuitBreaker::close
    /// [`disable`]: crate::CircuitBreaker::disable
    /// [`reset`]: crate::CircuitBreaker::reset
    pub forced: bool,
    /// The time until the breaker may admit a probe, with its jitter. `None`
    /// where `to` is not `Open`.
    pub wait: Option<Duration>,
    /// The text of the breaker's last error, where somebody keeps it
    /// ([`note_error`](crate::CircuitBreaker::note_error)).
    pub last_error: Option<LastError>,
}
