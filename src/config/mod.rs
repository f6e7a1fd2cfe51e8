//! Settings: each is written once, as a row of its config's table. The setters,
//! the checks, the texts of errors and of panics, the accessors and the docs
//! are made from the rows; so is whatever a tool shows of them.

mod accessors;
#[cfg(feature = "serde")]
mod data;
mod error;
mod foresight;
mod packed;
pub(crate) mod setting;
mod table;
mod text;
pub(crate) mod unit;

pub(crate) use accessors::{accessors, read};
#[cfg(feature = "serde")]
pub(crate) use data::{KeyOf, ValueOf, Written, as_data, keys};
pub use error::ConfigError;
pub use foresight::Foresight;
pub(crate) use packed::Place;
pub use setting::Setting;
pub(crate) use setting::{check, defaults, position, text};
pub(crate) use table::{row_key, row_unit, settings};
pub(crate) use text::Text;
pub use unit::Unit;
