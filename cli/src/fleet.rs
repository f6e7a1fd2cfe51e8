//! What is known of other hosts, through the fleet's store.

pub mod alerts;
pub mod json;
pub mod key;
pub mod orders;
pub mod store;
pub mod table;
pub mod top;
pub mod view;
pub mod watcher;
