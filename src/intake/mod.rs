//! A server's own guard: which calls come in, by how long they would wait and how much
//! they matter.

#[allow(clippy::module_inception)] // the file of the type that the folder is about
pub(crate) mod intake;
pub(crate) mod place;
#[cfg(not(fusebox_compact))]
pub(crate) mod reading;
pub(crate) mod settings;
mod word;
