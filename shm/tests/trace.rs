//! A trace's file: two processes' mappings are one ring, and what is no good trace is
//! refused with an error that says what to do, and stays as it is.

mod common;

use std::{fs, path::Path};

use common::{Bench, as_nobody};
use fusebox::{Trace, What};
use fusebox_shm::{OpenError, Options, Problem, SharedPanel, SharedTrace, SharedTraceView};
use proptest::prelude::*;

/// Words of the header.
const VERSION: usize = 2;
const SLOTS: usize = 4;
const CHECKSUM: usize = 5;

fn open(path: &Path) -> SharedTrace {
    SharedTrace::open(path, 100, Options::new()).unwrap()
}

fn every_way(path: &Path) -> [OpenError; 2] {
    [
        SharedTrace::open(path, 64, Options::new()).map(drop).unwrap_err(),
        SharedTraceView::open(path).map(drop).unwrap_err(),
    ]
}

/// Checks that the file is refused in every way, with this text, and untouched.
fn refused(path: &Path, text: &str, is: impl Fn(&Problem) -> bool) {
    let before = fs::read(path).unwrap();
    for error in every_way(path) {
        assert!(is(error.problem()), "{error:?}");
        assert!(error.to_string().starts_with(&format!("`{}`: ", path.display())), "{error}");
        assert!(error.to_string().contains(text), "{error}");
    }
    assert!(fs::read(path).unwrap() == before, "the file is as it was");
}

#[test]
fn a_new_file_is_a_ring_without_records_and_is_shared() {
    let bench = Bench::new();
    let one = open(&bench.path);
    assert_eq!((one.trace().capacity(), one.trace().written()), (64, 0), "a power of two");
    assert_eq!(fs::metadata(&bench.path).unwrap().len(), 128 + 8 * Trace::words(64) as u64);
    let view = SharedTraceView::open(&bench.path).unwrap();
    assert_eq!((view.capacity(), view.written(), view.entries().count()), (64, 0, 0));

    let other = SharedTrace::open(&bench.path, 4_096, Options::new()).unwrap();
    assert_eq!(other.trace().capacity(), 64, "it keeps its size");
    assert_eq!(other.path(), bench.path);
}

#[test]
fn programs_record_into_it_and_a_tool_reads_it() {
    let bench = Bench::with_shop();
    let path = bench.path.with_added_extension("trace");
    fusebox::set_trace(open(&path).leak()).unwrap();
    let panel = bench.open();
    let shop = panel.get("shop").unwrap();
    shop.try_acquire().unwrap().success();
    let view = SharedTraceView::open(&path).unwrap();
    assert_eq!(view.written(), 0, "nobody asked for it");

    // From outside, as the command does it.
    let tool = SharedPanel::open(&bench.path).unwrap();
    tool.panel().get("shop").unwrap().set_recorded(Some(7));
    shop.try_acquire().unwrap().failure();
    assert!(shop.try_acquire().is_err());
    assert_eq!(shop.recorded(), Some(7));
    let ended = view.entries().filter(|it| matches!(it.what, What::Ended { .. })).count();
    let rejected = view.entries().filter(|it| matches!(it.what, What::Rejected { .. })).count();
    assert_eq!((ended, rejected), (1, 1));
    assert!(view.entries().all(|it| it.breaker == 7));

    tool.panel().get("shop").unwrap().set_recorded(None);
    let before = view.written();
    assert!(shop.try_acquire().is_err());
    assert_eq!(view.written(), before);
}

#[test]
fn another_file() {
    let bench = Bench::with_shop();
    let text = "is no trace of calls: give another path";
    refused(&bench.path, text, |problem| matches!(problem, Problem::NotATrace));
    fs::write(&bench.path, "some notes\n").unwrap();
    refused(&bench.path, text, |problem| matches!(problem, Problem::NotATrace));
    fs::write(&bench.path, "").unwrap();
    refused(&bench.path, "is empty", |problem| matches!(problem, Problem::Empty));
    fs::remove_file(&bench.path).unwrap();
    open(&bench.path);
    let error = SharedPanel::open(&bench.path).unwrap_err();
    assert!(matches!(error.problem(), Problem::NotAPanel), "{error}");
    let error = SharedTraceView::open(bench.folder.path().join("none")).unwrap_err();
    assert!(matches!(error.problem(), Problem::NotFound), "{error}");
    let error = SharedTrace::open(bench.folder.path(), 64, Options::new()).unwrap_err();
    assert!(error.to_string().contains("is a folder: give the path of a file"), "{error}");
}

#[test]
fn a_truncated_extended_or_damaged_file() {
    let bench = Bench::new();
    open(&bench.path);
    let whole = bench.bytes();
    for len in [128, 136, whole.len() - 1, whole.len() - 8] {
        fs::write(&bench.path, &whole[..len]).unwrap();
        let text = format!("has {len} bytes instead of {}, so somebody truncated it", whole.len());
        refused(&bench.path, &text, |problem| matches!(problem, Problem::Length { .. }));
    }
    fs::write(&bench.path, [&whole[..], &[0]].concat()).unwrap();
    refused(&bench.path, "somebody extended it", |problem| {
        matches!(problem, Problem::Length { .. })
    });
    for bit in 0..48 * 8 {
        fs::write(&bench.path, &whole).unwrap();
        bench.set_word(bit / 64, |word| word ^ 1 << (bit % 64));
        refused(&bench.path, "", |problem| match bit / 64 {
            0 => matches!(problem, Problem::NotATrace),
            VERSION => matches!(problem, Problem::Version { own: 1, .. }),
            _ => matches!(problem, Problem::Damaged),
        });
    }
    // A ring of no records, with a good checksum.
    fs::write(&bench.path, &whole[..128]).unwrap();
    bench.set_word(SLOTS, |_| 0);
    let bytes = bench.bytes();
    bench.set_word(CHECKSUM, |_| crc32fast::hash(&bytes[..CHECKSUM * 8]).into());
    refused(&bench.path, "its header is damaged", |problem| matches!(problem, Problem::Damaged));
}

#[test]
fn who_may_only_read_it_looks() {
    let bench = Bench::new();
    fs::set_permissions(bench.folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .unwrap();
    SharedTrace::open(&bench.path, 64, Options::new().mode(0o644)).unwrap();
    as_nobody(|| {
        assert_eq!(SharedTraceView::open(&bench.path).unwrap().entries().count(), 0);
        let error = SharedTrace::open(&bench.path, 64, Options::new()).unwrap_err();
        assert!(matches!(error.problem(), Problem::Permission { write: true, .. }), "{error}");
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever somebody writes into the ring, it is read as entries, or as none.
    #[test]
    fn no_bytes_of_a_ring_panic(written: u64, words in prop::collection::vec(any::<u64>(), 72)) {
        let bench = Bench::new();
        let trace = open(&bench.path);
        for (at, word) in words.iter().enumerate() {
            bench.set_word(16 + at, |_| if at == 0 { written } else { *word });
        }
        let other = SharedTraceView::open(&bench.path).unwrap();
        prop_assert!(other.entries().count() <= 64);
        prop_assert!(trace.trace().entries().count() <= 64);
    }
}
