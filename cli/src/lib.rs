//! The rooms of the command `fusebox`, for its own `main` and its tests: no
//! API for other crates, and nothing here is stable but the command itself.
//!
//! `fusebox --help` says what it does. Here, [`args`] is what it takes,
//! [`source`] the one file that knows the shared panel, [`command`] has a file
//! for each short command, [`top`] the live screen, [`serve`] the HTTP server,
//! [`fleet`] what is known of other hosts, [`monitoring`] what Prometheus and
//! Grafana are given, [`trial`] what `try` reads and shows.

pub mod action;
pub mod alerts;
pub mod args;
pub mod changes;
pub mod command;
pub mod drill;
pub mod escape;
pub mod failure;
pub mod fleet;
pub mod given;
pub mod json;
pub mod limits;
pub mod monitoring;
pub mod names;
pub mod overview;
pub mod paint;
pub mod pressure;
pub mod saved_map;
pub mod serve;
pub mod share;
pub mod source;
pub mod table;
pub mod text;
pub mod toml_file;
pub mod top;
pub mod trial;
pub mod tuned;
