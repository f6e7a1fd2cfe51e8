//! Eight breakers guard a flaky sensor bus on a microcontroller: the main loop
//! acquires, an interrupt reports. A rate limit and a budget of retries keep the bus from
//! being asked too often. The program checks itself, and exits with
//! code 0 if all is as it should be, else with 1 and the check that was not.
#![no_std]
#![no_main]

mod board;
mod check;
mod events;
mod limits;
mod outage;
mod panel;
mod retries;
mod storm;
mod uptime;

use core::panic::PanicInfo;

use cortex_m::peripheral::{SYST, syst::SystClkSource};
use cortex_m_rt::{entry, exception};
use cortex_m_semihosting::{debug, hprintln};

use crate::check::Failed;

#[entry]
fn main() -> ! {
    let Some(peripherals) = cortex_m::Peripherals::take() else { exit(Err("one start")) };
    let mut timer = peripherals.SYST;
    exit(run(&mut timer))
}

fn run(timer: &mut SYST) -> Result<(), Failed> {
    let seed = board::entropy();
    hprintln!("{}: entropy {:#018x}, {}", board::NAME, seed, board::ENTROPY_FROM);
    fusebox::set_seed(seed);

    timer.set_clock_source(SystClkSource::Core);
    uptime::start(timer);
    panel::check_slots()?;
    outage::run()?;
    retries::run()?;
    limits::run()?;
    storm::run(timer)
}

#[exception]
fn SysTick() {
    // In a storm the timer runs far too fast to tell the time by.
    if storm::interrupt() {
        return;
    }
    uptime::interrupt();
    outage::interrupt();
    limits::interrupt();
}

fn exit(result: Result<(), Failed>) -> ! {
    match result {
        Ok(()) => hprintln!("all checks hold"),
        Err(check) => hprintln!("FAILED: {}", check),
    }
    debug::exit(if result.is_ok() { debug::EXIT_SUCCESS } else { debug::EXIT_FAILURE });
    loop {
        cortex_m::asm::wfi();
    }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    hprintln!("{}", info);
    exit(Err("no panic"))
}
