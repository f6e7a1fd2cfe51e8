//! Time: clocks, and how to wait.

#[cfg(feature = "drill")]
mod alarm;
#[cfg(feature = "std")]
mod block_on;
mod cached;
mod clock;
mod default_clock;
mod default_sleep;
#[cfg(feature = "std")]
mod keeper;
mod manual;
mod pause;
mod sleep;
#[cfg(feature = "std")]
mod std_clock;
#[cfg(feature = "std")]
mod std_sleep;
mod timeout;
#[cfg(feature = "tokio")]
mod tokio;

pub use cached::CachedClock;
pub use clock::{Clock, ConstDefault, Tick};
pub use default_clock::DefaultClock;
pub use default_sleep::DefaultSleep;
#[cfg(not(feature = "std"))]
pub use default_sleep::NoDefaultSleep;
#[cfg(feature = "std")]
pub use keeper::KeepFresh;
pub use manual::{ManualClock, ManualSleep};
pub(crate) use pause::Pause;
pub use sleep::{AsyncSleep, Sleep, SleepBy};
#[cfg(feature = "std")]
pub use std_clock::{PreciseClock, StdClock};
#[cfg(feature = "std")]
pub use std_sleep::StdSleep;
pub(crate) use timeout::TimeoutCall;
#[cfg(feature = "tokio")]
pub use tokio::TokioClock;
