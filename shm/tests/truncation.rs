//! What the docs say of files that are truncated, replaced or deleted under a
//! running program, and of memory that cannot be.

mod common;

use std::{
    fs::{self, File},
    os::unix::process::ExitStatusExt,
};

use common::{Bench, as_nobody, brittle, panel_of_child, process, role};
use fusebox::{Permit, State};
use fusebox_shm::{Options, SharedPanel, SharedRegistry, SharedView};
use rustix::process::Signal;

#[test]
fn truncation_of_a_file_ends_its_programs_with_a_signal() {
    let bench = Bench::with_shop();
    let status = process("truncate", &bench.path).status().unwrap();
    assert_eq!(status.signal(), Some(Signal::BUS.as_raw()), "{status}");
    assert!(fs::exists(bench.path.with_file_name("truncated")).unwrap(), "it came so far");
}

#[test]
fn a_file_that_is_replaced_or_deleted_stays_with_its_programs() {
    let bench = Bench::with_shop();
    let old = bench.open();
    let other = bench.folder.path().join("other");
    SharedRegistry::<8>::open(&other, Options::new()).unwrap();
    fs::rename(&other, &bench.path).unwrap();
    old.get("shop").unwrap().force_open();
    assert!(bench.open().is_empty(), "who comes later has the other");
    assert_eq!(old.get("shop").unwrap().state(), State::ForcedOpen);

    fs::remove_file(&bench.path).unwrap();
    assert_eq!(old.get("shop").unwrap().state(), State::ForcedOpen);
    assert!(bench.open().is_empty(), "and makes it anew");
}

#[test]
fn a_program_that_writes_the_file_anew_in_place_cannot_crash_a_breaker() {
    let bench = Bench::with_shop();
    let panel = bench.open();
    // Of the same length, so no truncation: `dd conv=notrunc`, say.
    let file = File::options().write(true).open(&bench.path).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, &vec![0xA5; bench.bytes().len()], 0).unwrap();
    for slot in panel.panel().slots() {
        let _ = slot.try_acquire().map(Permit::failure);
        assert!(slot.fault().is_some(), "{slot:?}");
    }
    assert!(panel.get_or_default("new").is_err(), "all its slots have other names");
}

#[test]
fn sealed_memory_cannot_be_truncated_nor_extended() {
    let panel = SharedRegistry::<8>::sealed("shop").unwrap();
    panel.get_or_init("shop", brittle()).unwrap();
    let file = File::options().read(true).write(true).open(panel.path()).unwrap();
    let len = file.metadata().unwrap().len();
    for other in [0, 128, len - 1, len + 1] {
        let error = file.set_len(other).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied);
    }
    // Nor by opening it so, as a shell's `>` does.
    assert!(File::create(panel.path()).is_err());
    assert_eq!(file.metadata().unwrap().len(), len);
    assert_eq!(panel.get("shop").unwrap().state(), State::Closed);
}

#[test]
fn sealed_memory_is_opened_by_its_path_in_this_process_and_in_others() {
    let panel = SharedRegistry::<8>::sealed("shop").unwrap();
    let shop = panel.get_or_init("shop", brittle()).unwrap();
    let status = process("force open", panel.path()).status().unwrap();
    assert!(status.success());
    assert_eq!(shop.state(), State::ForcedOpen, "the child did it");
    let tool = SharedPanel::open(panel.path()).unwrap();
    let view = SharedView::open(panel.path()).unwrap();
    assert_eq!(tool.panel().get("shop").unwrap().state(), State::ForcedOpen);

    // Whoever has it open keeps it; the path is gone.
    let path = panel.path().to_owned();
    drop(panel);
    assert!(SharedPanel::open(path).is_err());
    tool.panel().get("shop").unwrap().close();
    assert_eq!(view.readings().next().unwrap().1.snapshot.state, State::Closed);
}

#[test]
fn a_leaked_one_keeps_its_path() {
    let panel = SharedRegistry::<8>::sealed("shop").unwrap();
    let path = panel.path().to_owned();
    let registry = panel.leak();
    registry.get_or_default("shop").unwrap();
    assert!(SharedPanel::open(path).unwrap().panel().get("shop").is_some());
}

#[test]
fn sealed_memory_is_not_for_other_users() {
    let panel = SharedRegistry::<8>::sealed("shop").unwrap();
    as_nobody(|| {
        assert!(SharedPanel::open(panel.path()).is_err());
    });
}

#[test]
fn a_name_that_is_too_long_is_an_error() {
    let name = "n".repeat(300);
    let error = SharedRegistry::<8>::sealed(&name).unwrap_err();
    assert!(error.to_string().contains("did not make memory of that name"), "{error}");
}

#[test]
#[ignore = "what a child process does"]
fn child() {
    match role().as_deref() {
        Some("truncate") => {
            let path = panel_of_child();
            // Nine pages, of which the last ones will be gone.
            fs::remove_file(&path).unwrap();
            let panel = SharedRegistry::<256>::open(&path, Options::new()).unwrap();
            File::options().write(true).open(&path).unwrap().set_len(4_096).unwrap();
            fs::write(path.with_file_name("truncated"), "").unwrap();
            panel.panel().slots()[255].force_open();
            unreachable!("a signal ends it");
        }
        Some("force open") => {
            let path = panel_of_child();
            let panel = SharedRegistry::<8>::open(path, Options::new().create(false)).unwrap();
            panel.get("shop").unwrap().force_open();
        }
        _ => {}
    }
}
