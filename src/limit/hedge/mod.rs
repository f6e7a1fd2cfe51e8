//! A second attempt beside one that takes long.

pub(crate) mod delay;
pub(crate) mod future;
#[allow(clippy::module_inception)] // the file of the type that the folder is about
pub(crate) mod hedge;
pub(crate) mod hedged;
pub(crate) mod pays;
pub(crate) mod quantile;
pub(crate) mod repeats;
pub(crate) mod settings;
