//! fusebox's adaptive limit in front of a server: the product's own code on a manual clock.

use fusebox::{AdaptiveLimit, DefaultObserver, Ticket};

use super::{Call, Guard};
use crate::limits::Micros;

type Held<'c> = Ticket<'c, &'c Micros, DefaultObserver>;

/// An adaptive limit of the calls at work or in line.
#[derive(Debug)]
pub struct Limited<'c> {
    limit: &'c AdaptiveLimit<&'c Micros, DefaultObserver>,
    tickets: Vec<Option<Held<'c>>>,
}

impl<'c> Limited<'c> {
    /// Of this limit.
    #[must_use]
    pub const fn new(limit: &'c AdaptiveLimit<&'c Micros, DefaultObserver>) -> Self {
        Self { limit, tickets: Vec::new() }
    }
}

impl Guard for Limited<'_> {
    fn comes(&mut self, _: u64, call: Call) -> bool {
        let Ok(ticket) = self.limit.try_acquire() else { return false };
        super::guard::keep(&mut self.tickets, call.slot, ticket);
        true
    }

    fn ends(&mut self, _: u64, call: Call) {
        if let Some(ticket) = self.tickets[call.slot].take() {
            ticket.success();
        }
    }
}
