//! The reader: a good header, and slots of any words, at any time. Every
//! operation ends, nothing panics, and every breaker recovers.
#![no_main]

#[path = "../../tests/common/exercise.rs"]
mod exercise;
mod scratch;

use std::fs;

use exercise::{Manual, SetClock, open_in_every_way, recovers, use_everything};
use fusebox_shm::Options;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let (path, good) = scratch::panel();
    let Some((now, slots)) = data.split_first_chunk() else { return };
    let mut bytes = good.to_vec();
    for (to, from) in bytes[128..].iter_mut().zip(slots) {
        *to = *from;
    }
    fs::write(path, &bytes).expect("a file in memory");
    {
        SetClock::set(u64::from_le_bytes(*now));
        let registry = Manual::<8>::open_with(path, Options::new()).expect("its header is good");
        recovers(&registry);
        use_everything(registry.panel());
    }
    assert_eq!(open_in_every_way(path, &bytes), 4);
});
