//! The bytes of a file: what another release must read the same, or refuse.

mod common;

use common::{Bench, brittle};
use fusebox::{BreakerConfig, BudgetConfig, RateConfig, State, Tick};
use fusebox_shm::SharedPanel;

/// All that a file of layout 6 may hold, but for its times.
///
/// Should this test fail after a change, then programs of the former release and
/// of this one would misread each other: give the layout another version in
/// `src/header.rs`.
#[test]
#[cfg(target_endian = "little")]
fn a_file_of_layout_6_is_these_bytes() {
    let bench = Bench::new();
    let panel = bench.open();
    let settings = BreakerConfig::new()
        .failure_threshold(3)
        .probes(2)
        .successes_to_close(4)
        .doublings(5)
        .growth(150)
        .recovery_jitter(6)
        .build();
    let shop = panel.get_or_register("a shop with a name of more than a word", settings).unwrap();
    shop.try_acquire().unwrap().failure();
    shop.note_error("down");
    shop.force_open();
    assert!(shop.try_acquire().is_err());
    let limits = panel.limits("a shop with a name of more than a word").unwrap();
    limits.rate_limit().set_settings(RateConfig::per_second(100).burst(20).build());
    limits.budget().set_settings(BudgetConfig::share(0.1).reserve_per_second(10).build());
    limits.rate_limit().acquire_n(20).unwrap();
    assert!(limits.rate_limit().acquire_n(20).is_err());
    assert!(limits.budget().try_withdraw());

    let workers = panel.bulkhead("a shop with a name of more than a word").unwrap();
    workers.set_limit(2).unwrap();
    let _held = [workers.try_acquire().unwrap(), workers.try_acquire().unwrap()];
    assert!(workers.try_acquire().is_err());

    let mut words: Vec<u64> =
        bench.bytes().as_chunks().0.iter().map(|word| u64::from_le_bytes(*word)).collect();
    let slot = words[16..].iter().position(|word| *word != 0).unwrap() / 64;
    assert_eq!(slot, 6, "where the hash of the name puts it");
    assert_eq!(words.len(), 16 + 8 * (64 + 32 + 64));
    let header: Vec<_> = words.drain(..16).collect();
    assert_eq!(
        &header[..6],
        [0xFF78_6F62_6573_7566, 0x0102_0304_0506_0708, 6, 1280, 8, 0xED23_CB6A]
    );
    assert_ne!(header[6], 0, "the epoch");
    assert_eq!(&header[7..], [0; 9]);

    let mut places = words.split_off(8 * (64 + 32));
    let mut limits = words.split_off(8 * 64);
    let own_places: Vec<_> = places.drain(slot * 64..).take(64).collect();
    let own: Vec<_> = limits.drain(slot * 32..).take(32).collect();
    let slot: Vec<_> = words.drain(slot * 64..).take(64).collect();
    assert!(words.iter().all(|word| *word == 0), "the others are vacant");
    // The word: forced open in generation 1. How it waits; its rule; what it does about
    // load. The name's hash.
    assert_eq!(slot[..2], [0x4010_00FF_FFFF_FFFF, 0x0000_1D4C_0048_A206]);
    assert_eq!(slot[2..4], [0x0060_0000_0000_0000, 0x0000_A000_0000_0000]);
    assert_eq!(slot[4], 0xC588_88A0_DCE0_029A);
    assert_eq!(slot[5..8], [0; 3], "no record, no advice, no gate");
    // Failures, rejections, openings; calls, retries, exhausted, fallbacks, slow calls.
    assert_eq!(slot[8..16], [1, 1, 1, 0, 0, 0, 0, 0]);
    assert_eq!(slot[16], 0, "how the last calls ended, where there is a window");
    // The text of the last error: its hash, then the text.
    assert_eq!(slot[17..19], [0xFDD2_AFC5_1E10_48CE, u64::from_le_bytes(*b"down\0\0\0\0")]);
    assert_eq!(slot[19..24], [0; 5]);
    is_the_name(&slot[24..32]);
    assert_eq!(slot[32] >> 40, 1, "since when it is open, and that it is");
    assert_eq!(
        slot[33..],
        [0; 31],
        "no ramp, no load is shed; nothing is learned, and nobody watches"
    );

    // The rate limit: the arrival time, the settings, how narrow it is, refusals, the name.
    assert_ne!(own[0], 0);
    assert_eq!(own[1..4], [(20 << 42) + 10_000_000, 0, 1]);
    is_the_name(&own[4..12]);
    // The bulkhead: its limit, and that this word counts nothing; refusals; the name.
    assert_eq!(own[12..14], [(2 << 48) + 0xFF_FFFF, 1]);
    is_the_name(&own[14..22]);
    assert_eq!(own[22..24], [0; 2], "the rest of the line");
    // The budget: what is spent, at a tick; the settings; refusals.
    assert_eq!(own[24] >> 40, 100);
    assert_eq!(own[25..27], [(100 << 52) + (10 << 40) + (100 << 20) + 10, 0]);
    assert_eq!(own[27..], [0; 5], "the rest of the line");
    // The bulkhead's places: how processes are numbered, when somebody looked for dead
    // ones, and who holds a place: process, start and boot.
    assert_eq!(own_places[0] >> 32, header[6] >> 32, "the boot");
    assert_ne!((own_places[0] & 0xFFFF_FFFF, own_places[1]), (0, 0));
    for place in &own_places[2..4] {
        assert_eq!(place & 0x3F_FFFF, u64::from(std::process::id()));
        assert_eq!(place >> 54, header[6] >> 54);
    }
    assert_eq!(own_places[4..], [0; 60]);
    assert!(places.iter().all(|word| *word == 0), "nobody has a place in the others'");
    // Nobody has asked for the others'.
    for other in limits.as_chunks::<32>().0 {
        assert_eq!(other.iter().sum::<u64>(), 0xFF_FFFF);
    }
}

fn is_the_name(words: &[u64]) {
    let name: Vec<_> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    assert_eq!(name[..40], *b"a shop with a name of more than a word\0\0");
    assert_eq!(name[40..], [0; 24]);
}

#[test]
fn a_vacant_slot_is_zeros_and_a_new_file_nothing_else() {
    let bench = Bench::new();
    bench.open();
    let bytes = bench.bytes();
    assert_eq!(bytes.len(), 128 + 8 * 1280);
    assert!(bytes[128..128 + 8 * 512].iter().all(|byte| *byte == 0));
    // But for the bulkheads, which whoever maps the file tells to count nothing.
    let (limits, places) = bytes[128 + 8 * 512..].split_at(8 * 256);
    assert!(places.iter().all(|byte| *byte == 0));
    for limits in limits.as_chunks::<256>().0 {
        let (before, after) = (&limits[..96], &limits[104..]);
        assert!(before.iter().chain(after).all(|byte| *byte == 0));
        assert_eq!(limits[96..104], 0xFF_FFFF_u64.to_ne_bytes());
    }
}

#[test]
fn stamps_are_milliseconds_of_the_monotonic_clock() {
    let bench = Bench::new();
    let panel = bench.open();
    let shop = panel.get_or_init("shop", brittle()).unwrap();
    let now = || {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::MonotonicCoarse);
        Tick::from_millis(u64::try_from(time.tv_sec * 1_000 + time.tv_nsec / 1_000_000).unwrap())
    };
    let before = now();
    shop.try_acquire().unwrap().failure();
    let stamp =
        SharedPanel::open(&bench.path).unwrap().panel().get("shop").unwrap().snapshot().stamp;
    assert!(before <= stamp && stamp <= now());
    assert_eq!(shop.state(), State::Open);
}
