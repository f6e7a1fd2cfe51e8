//! What happens to an instance's part in its fleet.

use std::{fmt, time::Duration};

use fusebox::Name;

use crate::{order::Order, orders::Refusal, peers::Opinion, report::ReportError};

/// What happens to an instance's part in its fleet, told to whoever began it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FleetEvent {
    /// The store answers. What was lost is found again.
    Connected,
    /// The store does not answer. Each breaker decides alone, until it does.
    Lost {
        /// What the store said.
        why: String,
    },
    /// Something in the store is no report. It is told once a minute for each instance.
    Garbage {
        /// Under whose name it stands; empty where there is none.
        instance: String,
        /// What is wrong with it.
        why: ReportError,
    },
    /// Another instance has this one's name. It is told once a minute.
    SameName,
    /// A breaker is open again after a restart, for what remained.
    Resumed {
        /// Which.
        breaker: Name,
        /// How long yet.
        left: Duration,
    },
    /// The others have seen enough: the breaker's next failure opens it.
    Primed {
        /// Which.
        breaker: Name,
        /// What they have seen.
        opinion: Opinion,
    },
    /// The others have seen enough, and this instance obeys: the breaker is open.
    Decided {
        /// Which.
        breaker: Name,
        /// What they have seen.
        opinion: Opinion,
    },
    /// A peer found the service behind a breaker well again.
    Recovered {
        /// Which.
        breaker: Name,
    },
    /// A limit that the fleet shares has only this instance's own part, until the store
    /// takes care of it again.
    Alone {
        /// Which.
        limit: Name,
        /// What the store said.
        why: String,
    },
    /// An operator's order was carried out on a breaker.
    Obeyed {
        /// Which order.
        order: Box<Order>,
    },
    /// An order has ended, and the breaker is as it was before.
    Ended {
        /// Which order.
        order: Box<Order>,
    },
    /// An order in the store is not obeyed. Of each that is told once while it lies there,
    /// or once a minute, and of 64 in a minute at most.
    Refused {
        /// Which; none where it is no order.
        order: Option<Box<Order>>,
        /// Why.
        why: Refusal,
    },
}

impl fmt::Display for FleetEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected => f.write_str("the fleet's store answers"),
            Self::Lost { why } => write!(f, "{why}; each breaker decides alone"),
            // Others chose the name: it is shown with its control characters escaped.
            Self::Garbage { instance, why } => write!(f, "of the instance {instance:?}: {why}"),
            Self::SameName => f.write_str("another instance has the name of this one"),
            Self::Resumed { breaker, left } => write!(f, "{breaker} is open yet, for {left:?}"),
            Self::Primed { breaker, opinion } => {
                write!(f, "{breaker} opens with its next failure: {opinion}")
            }
            Self::Decided { breaker, opinion } => write!(f, "{breaker} opens: {opinion}"),
            Self::Recovered { breaker } => write!(f, "a peer found {breaker} well again"),
            Self::Alone { limit, why } => {
                write!(f, "the limit {limit} has only this instance's part: {why}")
            }
            Self::Obeyed { order } => write!(f, "obeyed: {order}"),
            Self::Ended { order } => write!(f, "ended: {order}"),
            Self::Refused { order: Some(order), why } => write!(f, "refused, as {why}: {order}"),
            Self::Refused { order: None, why } => write!(f, "refused: {why}"),
        }
    }
}

impl fmt::Display for Opinion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { instances, failures, open } = self;
        write!(f, "{instances} instances saw {failures} failures, {open} are open")
    }
}
