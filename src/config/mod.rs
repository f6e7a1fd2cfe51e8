//! Settings: each is written once, as a row of its config's table. The setters,
//! the checks, the texts of errors and of panics, the accessors and the docs
//! are made from the rows; so is whatever a tool shows of them.

mod accessors;
mod packed;
mod setting;
mod table;
mod text;
pub(crate) mod unit;

pub(crate) use accessors::{accessors, read};
pub(crate) use packed::Place;
pub use setting::Setting;
pub(crate) use setting::{check, defaults, position, text};
pub(crate) use table::{row_key, row_unit, settings};
pub(crate) use text::Text;
pub use unit::Unit;
