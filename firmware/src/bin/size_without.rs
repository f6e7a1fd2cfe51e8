//! The same loop without the engine.
#![no_std]
#![no_main]

#[path = "../sized.rs"]
mod sized;

use cortex_m_rt::entry;

#[entry]
fn main() -> ! {
    loop {
        let fine = sized::input() != 0;
        sized::output(u32::from(fine));
    }
}
