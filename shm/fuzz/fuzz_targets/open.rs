//! The opener: any bytes as a file. What is refused stays as it was; what is
//! opened can be used.
#![no_main]

#[path = "../../tests/common/exercise.rs"]
mod exercise;
mod scratch;

use fusebox_shm::{Options, SharedRegistry};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let (path, good) = scratch::panel();
    // The first byte picks: as it is, or a good file that these bytes change. A
    // fuzzer guesses no checksum.
    let Some((pick, data)) = data.split_first() else { return };
    let mut bytes = if pick % 2 == 0 { Vec::new() } else { good.to_vec() };
    if bytes.is_empty() {
        bytes.extend_from_slice(data);
    } else {
        for change in data.as_chunks::<3>().0 {
            let at = usize::from(u16::from_le_bytes([change[0], change[1]]));
            match bytes.get_mut(at) {
                Some(byte) => *byte = change[2],
                // Beyond the end: the file has another length.
                None => bytes.resize(at % 2_000, 0),
            }
        }
    }
    let opened = exercise::open_in_every_way(path, &bytes);
    assert!(opened > 0 || SharedRegistry::<8>::open(path, Options::new()).is_err());
});
