//! The sampler that reads Linux's figures.

mod error;
mod keep;
mod psi;
mod sampler;

pub use error::PressureError;
pub use keep::KeepSampled;
pub use sampler::PressureSampler;
