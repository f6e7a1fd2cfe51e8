//! The observer of a breaker or policy that was given no other.

#[cfg(feature = "std")]
use crate::observe::trace::Trace;
use crate::{
    observe::{Event, Observer},
    time::ConstDefault,
};

/// The observer of a breaker or policy without one of its own. It has no size.
///
/// With the feature `tracing` or `log` it writes events there, to the target
/// `fusebox`, at these levels:
///
/// | event | level |
/// |---|---|
/// | a breaker changed its state | WARN |
/// | a call was rejected | DEBUG |
/// | a retry waits for another attempt | DEBUG |
/// | a retry is exhausted | ERROR |
/// | a fallback was asked | WARN |
/// | a call ended, with the feature `time-calls` | TRACE |
/// | a breaker joined by name, or the environment, is not what it should be | ERROR |
///
/// With the feature `observer` it hands every event to the observer that
/// `set_observer` was given. Without any of these features it does nothing, and
/// costs nothing.
///
/// With the feature `count-calls` it has breakers count their calls, as
/// [`CountCalls`](crate::CountCalls) does, and with `time-calls` measure them, as
/// [`TimeCalls`](crate::TimeCalls) does.
#[derive(Debug, Clone, Copy, Default)]
pub struct DefaultObserver;

impl Observer for DefaultObserver {
    #[inline]
    fn on_event(&self, event: &Event<'_>) {
        let _ = event; // unused where none of these features is on
        #[cfg(feature = "tracing")]
        crate::observe::tracing::write(event);
        #[cfg(feature = "log")]
        crate::observe::log::write(event);
        #[cfg(feature = "observer")]
        crate::observe::process::tell(event);
    }

    #[inline]
    fn hears_events(&self) -> bool {
        cfg!(any(feature = "tracing", feature = "log", feature = "observer"))
    }

    #[inline]
    fn counts_calls(&self) -> bool {
        cfg!(feature = "count-calls")
    }

    #[inline]
    fn times_calls(&self) -> bool {
        cfg!(feature = "time-calls")
    }

    #[cfg(feature = "std")]
    fn trace(&self) -> Option<Trace<'_>> {
        crate::observe::trace::current()
    }
}

impl ConstDefault for DefaultObserver {
    const DEFAULT: Self = Self;
}
