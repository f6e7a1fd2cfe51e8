//! File systems that are full, read-only, or unlike the usual ones.

mod common;

use std::{fs, os::unix::fs::MetadataExt, path::Path, process::Command};

use common::{Bench, Mounted, brittle, panel_of_child, process, role};
use fusebox::CircuitBreaker;
use fusebox_shm::{Options, Problem, SharedPanel, SharedRegistry, SharedView};
use rustix::{
    mount::MountFlags,
    process::{Resource, Rlimit, setrlimit},
};

#[test]
fn a_full_one_is_an_error_at_the_opening_and_leaves_nothing() {
    let bench = Bench::new();
    let at = bench.folder.path();
    let Some(_mounted) = Mounted::new("tmpfs", at, c"size=352k") else { return };
    let error = SharedRegistry::<4_096>::open(&bench.path, Options::new()).unwrap_err();
    assert!(matches!(error.problem(), Problem::NoSpace { needed: 5_243_008 }), "{error:?}");
    assert!(
        error.to_string().contains("has no room for 5243008 bytes: make room there"),
        "{error}"
    );
    assert_eq!(fs::read_dir(at).unwrap().count(), 0, "nothing is left behind");

    // A smaller one fits, and works to its last byte once it is full.
    let panel = SharedRegistry::<256>::open(&bench.path, Options::new()).unwrap();
    let _ = fs::write(at.join("filler"), vec![1; 1 << 17]);
    for n in 0..256 {
        panel.get_or_default(&*format!("breaker {n}")).unwrap().force_open();
    }
}

#[test]
fn a_copy_with_holes_is_filled_or_refused_and_never_a_signal_later() {
    let bench = Bench::new();
    let at = bench.folder.path();
    let Some(_mounted) = Mounted::new("tmpfs", at, c"size=704k") else { return };
    SharedRegistry::<256>::open(&bench.path, Options::new()).unwrap();
    let header = &bench.bytes()[..128];
    let sparse = at.join("sparse");
    fs::write(&sparse, header).unwrap();
    let file = fs::File::options().write(true).open(&sparse).unwrap();
    file.set_len(128 + 256 * 1280).unwrap();
    let blocks = || fs::metadata(&sparse).unwrap().blocks();
    let few = blocks();

    // No room for what its holes need.
    let _ = fs::write(at.join("filler"), vec![1; 1 << 17]);
    let error = SharedPanel::open(&sparse).unwrap_err();
    assert!(matches!(error.problem(), Problem::NoSpace { .. }), "{error:?}");
    fs::remove_file(at.join("filler")).unwrap();
    let panel = SharedPanel::open(&sparse).unwrap();
    assert!(blocks() > few, "it has no holes any more");
    panel.panel().slots().iter().for_each(CircuitBreaker::force_open);
}

#[test]
fn a_read_only_one_can_be_looked_at() {
    let bench = Bench::new();
    let at = bench.folder.path();
    let Some(_mounted) = Mounted::new("tmpfs", at, c"size=64k") else { return };
    bench.open().get_or_init("shop", brittle()).unwrap();
    rustix::mount::mount_remount(at, MountFlags::RDONLY, c"").unwrap();

    assert_eq!(SharedView::open(&bench.path).unwrap().readings().count(), 1);
    let existing = SharedPanel::open(&bench.path).unwrap_err();
    let new = SharedRegistry::<8>::open(at.join("new"), Options::new()).unwrap_err();
    for error in [existing, new] {
        assert!(matches!(error.problem(), Problem::ReadOnly), "{error:?}");
        assert!(error.to_string().contains("read-only: give a path on another one"), "{error}");
    }
}

#[test]
fn a_limit_on_the_size_of_files_is_an_error_and_no_signal() {
    let bench = Bench::new();
    let status = process("limited", &bench.path).status().unwrap();
    assert!(status.success(), "{status}");
    assert_eq!(fs::read_dir(bench.folder.path()).unwrap().count(), 0);
}

#[test]
fn one_that_allocates_nothing_ahead_gets_zeros() {
    let bench = Bench::new();
    let Some(_mounted) = Mounted::new("ramfs", bench.folder.path(), c"") else { return };
    bench.open().get_or_init("shop", brittle()).unwrap().force_open();
    assert_eq!(bench.bytes().len(), 10_368);
    assert!(bench.open().get("shop").unwrap().try_acquire().is_err());
}

#[test]
fn without_proc_it_says_so() {
    let bench = Bench::new();
    let child = process("without proc", &bench.path);
    let mut command = Command::new("unshare");
    command.args([
        "--mount",
        "sh",
        "-c",
        "mount -t tmpfs none /proc && touch \"$0\" && exec \"$@\"",
    ]);
    let came = bench.folder.path().join("came");
    command.arg(&came).arg(child.get_program()).args(child.get_args());
    command.envs(child.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = command.output();
    if !came.exists() {
        eprintln!("skipped: no file system can be mounted here: {output:?}");
        return;
    }
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn on_a_disk_it_outlives_its_programs_as_well() {
    // Beside the program, which is on a disk where one builds on one.
    let folder = tempfile::tempdir_in(Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap();
    let path = folder.path().join("panel");
    let open = || SharedRegistry::<8>::open(&path, Options::new()).unwrap();
    open().get_or_init("shop", brittle()).unwrap().force_open();
    assert!(open().get("shop").unwrap().try_acquire().is_err());
    assert!(
        fs::metadata(&path).unwrap().blocks() * 512 >= 128 + 1280 * 8,
        "all of it has its place"
    );
}

#[test]
#[ignore = "what a child process does"]
fn child() {
    match role().as_deref() {
        Some("limited") => {
            let limit = Some(1_000);
            setrlimit(Resource::Fsize, Rlimit { current: limit, maximum: limit }).unwrap();
            let error = SharedRegistry::<8>::open(panel_of_child(), Options::new()).unwrap_err();
            assert!(matches!(error.problem(), Problem::TooLarge { needed: 10_368 }), "{error}");
            assert!(error.to_string().contains("raise the limit (`ulimit -f`)"), "{error}");
        }
        Some("without proc") => {
            let error = SharedRegistry::<8>::open(panel_of_child(), Options::new()).unwrap_err();
            assert!(matches!(error.problem(), Problem::Boot(_)), "{error}");
            assert!(error.to_string().contains("/proc must be mounted and readable"), "{error}");
        }
        _ => {}
    }
}
