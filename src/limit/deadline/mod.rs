//! A moment by which an answer must be there, handed from call to call.

#[allow(clippy::module_inception)] // the file of the type that the folder is about
pub(crate) mod deadline;
#[cfg(feature = "std")]
pub(crate) mod scope;
pub(crate) mod until;
