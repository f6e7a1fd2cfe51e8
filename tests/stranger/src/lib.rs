//! A client of a shop, a crawler of many hosts, and a server that calls the shop,
//! as a stranger to fusebox writes them. Nothing is warned of.
#![deny(warnings)]

pub mod client;
pub mod crawler;
pub mod server;
