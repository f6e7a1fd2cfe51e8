#![doc = include_str!("../README.md")]

pub mod bounds;
pub mod contender;
pub mod field;
pub mod measure;
pub mod measured;
pub mod page;
pub mod plot;
pub mod published;
pub mod random;
pub mod rules;
pub mod sockets;
pub mod storm;
pub mod table;
pub mod time;
pub mod trial;
pub mod world;
