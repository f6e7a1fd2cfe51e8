//! Several drills, one after the other.

use core::time::Duration;
use std::vec::Vec;

use crate::{breaker::CircuitBreaker, drill::config::Drill, observe::Observer, time::Clock};

/// A script of drills, pauses and steps of the clock, one after the other. It is for tests
/// on a [`ManualClock`](crate::ManualClock), and the command `fusebox drill` plays a storm's
/// file as one.
///
/// ```
/// use core::time::Duration;
/// use fusebox::{BreakerConfig, CircuitBreaker, DefaultObserver, Drill, ManualClock, Script};
///
/// let clock = ManualClock::new();
/// let settings = BreakerConfig::new().failure_threshold(1).build();
/// let shop = CircuitBreaker::with(None, settings, &clock, DefaultObserver);
///
/// let second = Duration::from_secs(1);
/// let down = Drill::lasting(10 * second).fail(100.0).uncapped().build();
/// let script = Script::new().pause(5 * second).drill(down).step_clock(-3_600_000);
/// assert_eq!(script.lasts(), 15 * second);
/// script.play(&shop, |time| {
///     // Make calls here, and move the clock on by as much.
///     let _ = shop.call(|| Ok::<_, ()>(()));
///     clock.advance(time);
///     Ok::<(), ()>(())
/// })?;
/// assert_eq!(shop.drill(), None);
/// # Ok::<(), ()>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct Script {
    steps: Vec<ScriptStep>,
}

/// A step of a [`Script`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScriptStep {
    /// A drill, until it ends.
    Drill(Drill),
    /// Nothing, for so long.
    Pause(Duration),
    /// The breaker's clock steps by so many milliseconds, forwards or, where it is negative,
    /// back.
    StepClock(i64),
}

impl ScriptStep {
    /// Returns how long it lasts.
    #[must_use]
    pub const fn lasts(&self) -> Duration {
        match self {
            Self::Drill(drill) => drill.lasts(),
            Self::Pause(time) => *time,
            Self::StepClock(_) => Duration::ZERO,
        }
    }
}

impl Script {
    /// Makes one of no steps.
    pub const fn new() -> Self {
        Self { steps: Vec::new() }
    }

    /// Goes on with a drill, until it ends.
    pub fn drill(self, drill: Drill) -> Self {
        self.then(ScriptStep::Drill(drill))
    }

    /// Goes on with nothing, for so long.
    pub fn pause(self, time: Duration) -> Self {
        self.then(ScriptStep::Pause(time))
    }

    /// Goes on with a step of the breaker's clock
    /// ([`step_clock`](CircuitBreaker::step_clock)), in milliseconds.
    pub fn step_clock(self, millis: i64) -> Self {
        self.then(ScriptStep::StepClock(millis))
    }

    fn then(mut self, step: ScriptStep) -> Self {
        self.steps.push(step);
        self
    }

    /// Returns its steps.
    #[must_use]
    pub fn steps(&self) -> &[ScriptStep] {
        &self.steps
    }

    /// Returns how long it lasts.
    #[must_use]
    pub fn lasts(&self) -> Duration {
        self.steps.iter().fold(Duration::ZERO, |sum, step| sum.saturating_add(step.lasts()))
    }

    /// Plays it on a breaker. `wait` returns when so much time has passed. Should the process
    /// end meanwhile, the drill of the step under way ends by itself.
    ///
    /// # Errors
    /// That of `wait`: the drill under way is ended then.
    pub fn play<C: Clock, O: Observer, E>(
        &self,
        breaker: &CircuitBreaker<C, O>,
        mut wait: impl FnMut(Duration) -> Result<(), E>,
    ) -> Result<(), E> {
        for step in &self.steps {
            match step {
                ScriptStep::Drill(drill) => breaker.start_drill(*drill),
                ScriptStep::Pause(_) => {}
                ScriptStep::StepClock(millis) => breaker.step_clock(*millis),
            }
            let time = step.lasts();
            let waited = if time.is_zero() { Ok(()) } else { wait(time) };
            breaker.stop_drill();
            waited?;
        }
        Ok(())
    }
}
