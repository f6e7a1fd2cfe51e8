//! What calls do without while a host is under pressure.

mod admit;
pub(crate) mod heed;
pub(crate) mod under;
