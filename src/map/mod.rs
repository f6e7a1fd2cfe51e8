//! A picture of which breakers call which others.

mod cascade;
mod cycles;
mod dot;
mod escape;
mod json;
#[allow(clippy::module_inception)] // the file of the type that the folder is about
pub(crate) mod map;
mod mermaid;
pub(crate) mod node;
mod order;
mod paths;
pub(crate) mod route;
mod text;

pub use cascade::Fallen;
pub use map::Map;
pub use node::MapNode;
pub use route::Route;
