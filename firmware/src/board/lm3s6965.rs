//! The LM3S6965 evaluation board, a Cortex-M3.

use super::read;

pub const NAME: &str = "lm3s6965evb";

/// This chip has no source of random numbers. What sets two devices apart is
/// their number, and that is all the jitter needs; one device repeats itself
/// after a reset.
pub const ENTROPY_FROM: &str = "from the device's MAC address";

pub fn entropy() -> u64 {
    /// Where the board's maker wrote its MAC address.
    const USER_REGISTERS: [usize; 2] = [0x400F_E1E0, 0x400F_E1E4];
    // SAFETY: two registers of this chip's flash controller, only for reading.
    let [low, high] = USER_REGISTERS.map(|register| u64::from(unsafe { read(register) }));
    high << 24 | low
}
