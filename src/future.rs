//! Drives the machines of the other floors for asynchronous calls, on any
//! runtime: futures by hand, with no allocation, as `Send` as what they hold.

pub(crate) mod call;
pub(crate) mod fallback;
pub(crate) mod operation;
pub(crate) mod pipeline;
pub(crate) mod retry;
pub(crate) mod timeout;
