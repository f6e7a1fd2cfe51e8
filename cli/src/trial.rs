//! What `try` reads and shows; the laboratory, fusebox-lab, tries.

pub mod contenders;
pub mod list;
pub mod picture;
pub mod progress;
pub mod storms;
pub mod table;
