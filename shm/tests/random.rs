//! Files of random bytes, and slots of random words. The same checks run under
//! a fuzzer: `cargo +nightly fuzz run open` in this member's folder.

mod common;
#[path = "common/exercise.rs"]
mod exercise;

use std::{fs, os::unix::fs::FileExt};

use common::Bench;
use exercise::{Manual, SetClock, open_in_every_way, recovers, use_everything};
use fusebox_shm::{Options, SharedView};
use proptest::{collection::vec, prelude::*, sample::Index};

/// The length of a panel of eight slots.
const LEN: usize = 128 + 8 * 1280;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn random_files_are_refused(bytes in vec(any::<u8>(), 0..2 * LEN)) {
        let bench = Bench::new();
        prop_assert_eq!(open_in_every_way(&bench.path, &bytes), 0);
    }

    #[test]
    fn good_files_with_a_few_other_bytes_are_refused_or_used(
        changes in vec((any::<Index>(), any::<u8>()), 0..8),
        near in 0..=1_usize, // most of the changes in the header, or anywhere
        len in prop_oneof![4 => Just(LEN), 1 => 0..2 * LEN],
    ) {
        let bench = Bench::with_shop();
        let mut bytes = bench.bytes();
        bytes.resize(len, 0);
        for (at, byte) in changes {
            if len > 0 {
                bytes[at.index(if near == 1 { len.min(128) } else { len })] = byte;
            }
        }
        open_in_every_way(&bench.path, &bytes);
    }

    #[test]
    fn slots_of_random_words_are_read_as_something_safe(slots in vec(word(), 8 * 144)) {
        let bench = with_slots(&slots);
        prop_assert_eq!(open_in_every_way(&bench.path, &bench.bytes()), 4);
    }

    #[test]
    fn whatever_a_slot_holds_it_recovers(slots in vec(word(), 8 * 144), now in any::<u64>()) {
        let bench = with_slots(&slots);
        SetClock::set(now);
        let registry = Manual::<8>::open_with(&bench.path, Options::new()).unwrap();
        recovers(&registry);
        use_everything(registry.panel());
    }

    #[test]
    fn whatever_places_hold_a_bulkhead_admits_its_limit(
        limits in vec(word(), 8 * 32), places in vec(word(), 8 * 64), limit in 1..=62_usize,
    ) {
        let bench = Bench::with_shop();
        let words: Vec<_> = limits.iter().chain(&places).flat_map(|it| it.to_ne_bytes()).collect();
        let file = fs::File::options().write(true).open(&bench.path).unwrap();
        file.write_all_at(&words, 128 + 8 * 512).unwrap();
        let panel = bench.open();
        let workers = panel.bulkhead("shop").unwrap();
        prop_assert!(workers.limit().is_none_or(|limit| limit <= 62) && workers.in_flight() <= 62);
        workers.set_limit(limit).unwrap();
        // Nobody lives who has a place.
        let places: Vec<_> = std::iter::from_fn(|| workers.try_acquire().ok()).collect();
        prop_assert_eq!((places.len(), workers.in_flight()), (limit, limit));
    }
}

/// Any bits; small numbers, and those that a breaker's states are made of,
/// more often than chance has them.
fn word() -> impl Strategy<Value = u64> {
    prop_oneof![
        2 => any::<u64>(),
        1 => 0..32_u64,
        1 => (0..4_u64, 0..20_u64, any::<u64>())
            .prop_map(|(state, count, stamp)| state << 62 | count << 40 | stamp & ((1 << 40) - 1)),
    ]
}

/// A panel of eight slots that hold this.
fn with_slots(words: &[u64]) -> Bench {
    let bench = Bench::with_shop();
    let bytes: Vec<_> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    fs::File::options().write(true).open(&bench.path).unwrap().write_all_at(&bytes, 128).unwrap();
    bench
}

#[test]
fn faults_are_reported_and_mended() {
    use fusebox::{BreakerConfig, Fault, State};
    /// Words of a slot.
    const WORD: usize = 0;
    const SETTINGS: usize = 1;
    const NAME: usize = 24;

    let bench = Bench::with_shop();
    let panel = bench.open();
    let shop = panel.get("shop").unwrap();
    let slot = panel.panel().slots().iter().position(|slot| std::ptr::eq(slot, shop)).unwrap();
    let view = SharedView::open(&bench.path).unwrap();
    let fault = || view.readings().next().unwrap().1.fault;
    let set = |at: usize, word: u64| {
        let file = fs::File::options().write(true).open(&bench.path).unwrap();
        file.write_all_at(&word.to_ne_bytes(), (128 + slot * 512 + at * 8) as u64).unwrap();
    };
    let word = |at: usize| {
        let bytes = bench.bytes();
        u64::from_ne_bytes(*bytes[128 + slot * 512 + at * 8..].first_chunk().unwrap())
    };
    assert_eq!((fault(), shop.fault()), (None, None));

    // A jitter of 127 %, no probes, fifteen growths of 198 days.
    set(SETTINGS, !(0xFF << 21));
    assert_eq!((fault(), shop.fault()), (Some(Fault::Settings), Some(Fault::Settings)));
    assert_eq!(shop.settings().probes(), 1, "at least one");
    shop.set_settings(BreakerConfig::new().build());
    assert_eq!(fault(), None);

    // Tripped for longer than anybody can ask for.
    set(WORD, 1 << 62 | 0xFFF << 40 | 1);
    assert_eq!(fault(), Some(Fault::Word));
    assert!(shop.try_acquire().is_ok(), "it is due, all the same");
    assert_eq!((fault(), shop.state()), (None, State::HalfOpen));

    // Opened in 17 years' time.
    set(WORD, 1 << 62 | 1 << 39);
    assert_eq!(fault(), Some(Fault::Stamp));
    let rejected = shop.try_acquire().unwrap_err();
    assert_eq!(rejected.retry_after(), Some(shop.settings().recovery_timeout()));
    assert_eq!(fault(), None, "as of now");

    let name = word(NAME);
    set(NAME, u64::from_ne_bytes(*b"shopping"));
    assert!(matches!(fault(), Some(Fault::Name | Fault::Nameless)));
    set(NAME, u64::from_ne_bytes(*b"sho\0\0\0\0\0"));
    assert_eq!(fault(), Some(Fault::Name));
    assert!(panel.get("shop").is_none(), "it is nobody's");
    set(NAME, 0);
    assert_eq!(fault(), Some(Fault::Nameless));
    assert!(panel.get_or_default("shop").is_ok(), "whoever registers it completes it");
    assert_eq!((fault(), word(NAME)), (None, name));
}
