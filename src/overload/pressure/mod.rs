//! What the host is short of: a word that one sampler writes and everybody may ask.

pub(crate) mod level;
#[cfg(all(feature = "std", any(target_os = "linux", target_os = "android")))]
pub(crate) mod linux;
#[allow(clippy::module_inception)] // the file of the type that the folder is about
pub(crate) mod pressure;
pub(crate) mod reading;
pub(crate) mod settings;
mod word;
