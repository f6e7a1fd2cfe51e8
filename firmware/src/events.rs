//! Events, through semihosting to the host's console.

use cortex_m::peripheral::SCB;
use cortex_m_semihosting::hprintln;
use fusebox::{Clock, ConstDefault, Event, Observer, State};
use portable_atomic::{AtomicU32, Ordering};

use crate::uptime::Uptime;

/// How many breakers were opened by an interrupt.
pub static OPENED_BY_INTERRUPT: AtomicU32 = AtomicU32::new(0);
/// How many changes of state there were in all.
pub static TRANSITIONS: AtomicU32 = AtomicU32::new(0);

/// Writes a line for each change of state, and says where it happened. The
/// observer runs where the event does: on a real device an interrupt would
/// leave the writing to the main loop.
#[derive(Clone, Copy)]
pub struct Report;

impl Observer for Report {
    fn on_event(&self, event: &Event<'_>) {
        let now = Uptime.now().as_millis();
        let interrupt = in_interrupt();
        let place = if interrupt { "interrupt" } else { "main loop" };
        match event {
            Event::Transition(change) => {
                TRANSITIONS.fetch_add(1, Ordering::Relaxed);
                if interrupt && change.to == State::Open {
                    OPENED_BY_INTERRUPT.fetch_add(1, Ordering::Relaxed);
                }
                let name = change.breaker.unwrap_or("?");
                hprintln!("{:5} ms {}: {} {} -> {}", now, place, name, change.from, change.to);
            }
            Event::Retry(retry) => {
                hprintln!("{:5} ms {}: retry in {:?}", now, place, retry.delay);
            }
            Event::Exhausted(end) => {
                hprintln!("{:5} ms {}: gave up after {}", now, place, end.attempts);
            }
            // A line for each would drown the others.
            _ => {}
        }
    }
}

impl ConstDefault for Report {
    const DEFAULT: Self = Self;
}

fn in_interrupt() -> bool {
    SCB::vect_active() != cortex_m::peripheral::scb::VectActive::ThreadMode
}
