//! What differs between the boards: where entropy comes from.

// The target with compare-and-swap is the Cortex-M3, the other the Cortex-M0.
#[cfg_attr(target_has_atomic = "32", path = "board/lm3s6965.rs")]
#[cfg_attr(not(target_has_atomic = "32"), path = "board/nrf51.rs")]
mod this;

pub use this::{ENTROPY_FROM, NAME, entropy};

/// Reads a device's register.
///
/// # Safety
/// The register must exist, and reading it must have no effect that matters.
unsafe fn read(address: usize) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { core::ptr::with_exposed_provenance::<u32>(address).read_volatile() }
}
