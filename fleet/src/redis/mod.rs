//! The store that is Redis, or Valkey.

mod keys;
mod reply;
mod route;
mod script;
mod settings;
mod store;

pub use settings::RedisSettings;
pub use store::RedisStore;
