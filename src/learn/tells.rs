//! Whoever can tell how long calls take.

use core::time::Duration;

/// Something that learns how long calls take: a `&CircuitBreaker`, and nothing else.
#[diagnostic::on_unimplemented(
    message = "`{Self}` learns no latency",
    note = "give a `&CircuitBreaker`"
)]
pub trait TellsLatency {
    /// The time before which nearly all calls are done, once that is known. To ask is to
    /// have it learned from then on.
    #[doc(hidden)]
    fn learned_latency(&self) -> Option<Duration>;
}
