//! What both images of unknown size have: inputs that the compiler cannot
//! guess, and an output that it cannot leave out.

use core::{
    panic::PanicInfo,
    sync::atomic::{AtomicU32, Ordering},
};

static INPUT: AtomicU32 = AtomicU32::new(0);
static OUTPUT: AtomicU32 = AtomicU32::new(0);

pub fn input() -> u32 {
    core::hint::black_box(INPUT.load(Ordering::Relaxed))
}

pub fn output(value: u32) {
    OUTPUT.store(core::hint::black_box(value), Ordering::Relaxed);
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}
