//! The store that is Redis, or Valkey.

mod keys;
mod reply;
mod script;
mod settings;
mod store;

pub use settings::RedisSettings;
pub use store::RedisStore;
