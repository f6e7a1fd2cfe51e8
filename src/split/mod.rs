//! Two breakers of one service, between which requests are split by their keys.

mod arm;
mod error;
mod hasher;
#[allow(clippy::module_inception)] // the file of the type that the folder is about
mod split;

pub use arm::Arm;
pub use error::SplitError;
pub use split::Split;
