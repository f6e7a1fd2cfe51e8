//! The micro:bit's nRF51822, a Cortex-M0.

use core::ptr::with_exposed_provenance_mut;

use super::read;

pub const NAME: &str = "microbit";
pub const ENTROPY_FROM: &str = "from the chip's generator of thermal noise";

const RNG: usize = 0x4000_D000;
const START: usize = RNG;
const VALUE_READY: usize = RNG + 0x100;
const VALUE: usize = RNG + 0x508;

pub fn entropy() -> u64 {
    write(START, 1);
    let mut seed = [0; 8];
    for byte in &mut seed {
        write(VALUE_READY, 0);
        // SAFETY: registers of this chip's generator; reading changes nothing.
        *byte = unsafe {
            while read(VALUE_READY) == 0 {}
            read(VALUE).to_le_bytes()[0]
        };
    }
    u64::from_le_bytes(seed)
}

fn write(register: usize, value: u32) {
    // SAFETY: called with registers of this chip's generator only, which no
    // other code uses; they start it and clear its event.
    unsafe { with_exposed_provenance_mut::<u32>(register).write_volatile(value) };
}
