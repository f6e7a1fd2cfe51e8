//! A sensor is unplugged and comes back. The main loop starts transfers; the
//! timer's interrupt plays the bus, and reports each transfer's outcome on the
//! permit under which it was started.

use core::{cell::Cell, time::Duration};

use critical_section::Mutex;
use fusebox::{Clock, Permit, State, Tick};
use portable_atomic::{AtomicU32, Ordering};

use crate::{
    check::{Failed, check},
    events::{OPENED_BY_INTERRUPT, Report, TRANSITIONS},
    panel::{KEYS, RECOVERY_MILLIS, SENSORS, THRESHOLD, breaker},
    uptime::Uptime,
};

/// How long a transfer takes, in milliseconds.
const TRANSFER: u64 = 2;
/// The sensor that is unplugged, and when.
const UNPLUGGED: usize = 2;
const OUTAGE: core::ops::Range<u64> = 100..700;
/// The others fail each tenth time: never often enough in a row.
const GLITCH: u32 = 10;
const END: u64 = 1_000;

/// A call that is under way on the bus.
struct Transfer {
    permit: Permit<'static, Uptime, Report>,
    done: Tick,
}

static BUS: [Mutex<Cell<Option<Transfer>>>; SENSORS] =
    [const { Mutex::new(Cell::new(None)) }; SENSORS];
/// Transfers of each sensor that ended.
static ENDED: [AtomicU32; SENSORS] = [const { AtomicU32::new(0) }; SENSORS];
/// Transfers that met the unplugged sensor.
static WASTED: AtomicU32 = AtomicU32::new(0);

/// Ends the transfers that are due.
pub fn interrupt() {
    let now = Uptime.now();
    for (sensor, line) in BUS.iter().enumerate() {
        let Some(transfer) = critical_section::with(|cs| line.borrow(cs).take()) else { continue };
        if now < transfer.done {
            critical_section::with(|cs| line.borrow(cs).set(Some(transfer)));
            continue;
        }
        let count = ENDED[sensor].fetch_add(1, Ordering::Relaxed) + 1;
        let unplugged = sensor == UNPLUGGED && OUTAGE.contains(&now.as_millis());
        if unplugged {
            WASTED.fetch_add(1, Ordering::Relaxed);
        }
        if unplugged || count.is_multiple_of(GLITCH) {
            transfer.permit.failure();
        } else {
            transfer.permit.success();
        }
    }
}

pub fn run() -> Result<(), Failed> {
    let mut rejected = [0; SENSORS];
    let mut closed_again = None;
    while Uptime.now().as_millis() < END {
        for sensor in 0..SENSORS {
            if critical_section::with(|cs| is_busy(&BUS[sensor], cs)) {
                continue;
            }
            match breaker(sensor)?.try_acquire() {
                Ok(permit) => {
                    let done = Tick::from_millis(Uptime.now().as_millis() + TRANSFER);
                    let transfer = Some(Transfer { permit, done });
                    critical_section::with(|cs| BUS[sensor].borrow(cs).set(transfer));
                }
                Err(_) => rejected[sensor] += 1,
            }
        }
        let now = Uptime.now().as_millis();
        if now >= OUTAGE.end && closed_again.is_none() {
            closed_again = (breaker(UNPLUGGED)?.state() == State::Closed).then_some(now);
        }
        cortex_m::asm::wfi();
    }
    // The last transfers end before the next check begins.
    fusebox::Sleep::sleep(&Uptime, Duration::from_millis(2 * TRANSFER));

    let wasted = WASTED.load(Ordering::Relaxed);
    let name = KEYS[UNPLUGGED].name();
    cortex_m_semihosting::hprintln!(
        "{}: {} transfers met the unplugged sensor, {} were turned away, closed again at {:?} ms",
        name,
        wasted,
        rejected[UNPLUGGED],
        closed_again
    );
    for sensor in (0..SENSORS).filter(|&sensor| sensor != UNPLUGGED) {
        check("a sensor that glitches is not turned away", rejected[sensor] == 0)?;
        check("every sensor was read", ENDED[sensor].load(Ordering::Relaxed) > 100)?;
    }
    // What opens it, and one probe for each recovery timeout.
    let probes = (OUTAGE.end - OUTAGE.start).div_ceil(RECOVERY_MILLIS);
    check("the unplugged sensor was met", wasted >= THRESHOLD)?;
    check("the unplugged sensor was left alone", u64::from(wasted - THRESHOLD) <= probes)?;
    check("its callers were turned away", rejected[UNPLUGGED] > 100)?;
    let latest = OUTAGE.end + RECOVERY_MILLIS + 2 * TRANSFER;
    check("it is closed again in time", closed_again.is_some_and(|at| at <= latest))?;
    check("an interrupt opened it", OPENED_BY_INTERRUPT.load(Ordering::Relaxed) > 0)?;
    // Opened, half-open and open again for each probe, half-open, closed.
    let changes = 1 + 2 * (wasted - THRESHOLD) + 2;
    check("every change was an event", TRANSITIONS.load(Ordering::Relaxed) == changes)
}

fn is_busy(
    line: &Mutex<Cell<Option<Transfer>>>,
    cs: critical_section::CriticalSection<'_>,
) -> bool {
    let transfer = line.borrow(cs).take();
    let busy = transfer.is_some();
    line.borrow(cs).set(transfer);
    busy
}
