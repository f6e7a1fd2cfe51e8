//! Events, and who hears of them.

mod count_calls;
mod counter;
mod default;
mod event;
#[cfg(feature = "macros")]
pub mod known;
#[cfg(feature = "observer")]
mod listeners;
#[cfg(feature = "log")]
mod log;
mod noted;
mod observer;
#[cfg(feature = "observer")]
mod process;
mod summary;
mod tally;
mod text;
mod time_calls;
pub(crate) mod trace;
#[cfg(feature = "tracing")]
mod tracing;

pub use count_calls::CountCalls;
pub(crate) use counter::Counter;
pub use default::DefaultObserver;
pub(crate) use event::EachError;
pub use event::{
    Called, DrillFault, DrillStep, Drilling, Errors, Event, Exhausted, FailedOver, FailoverState,
    FallbackUsed, Foreseen, LearnedReason, Limit, Misconfigured, Rejection, Relearned, Retrying,
    Transition, Tuned,
};
#[cfg(feature = "observer")]
pub use listeners::{Listener, Listeners, ListenersFull};
pub use noted::LastError;
pub(crate) use noted::Noted;
pub use observer::Observer;
#[cfg(feature = "observer")]
pub use process::{ObserverInUse, set_observer};
pub use summary::Summary;
pub use tally::Tally;
pub use text::ErrorText;
pub use time_calls::TimeCalls;
