//! A limit of calls in flight that all processes of a host share: in a file of its own, or
//! in the slot of a panel.

mod holder;
mod owner;
mod panel;
mod places;
mod shared;

pub use panel::{PanelBulkhead, PanelPlace};
pub(crate) use panel::{readings, set_limit};
pub(crate) use places::Places;
pub use shared::{SharedBulkhead, SharedPlace};
