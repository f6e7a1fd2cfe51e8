//! What is no good panel is refused with an error that says what to do, by
//! whichever way it is opened, and stays as it is.

mod common;

use std::{
    fs::{self, File},
    os::unix::{
        fs::{PermissionsExt, symlink},
        net::UnixListener,
    },
    path::Path,
};

use common::{Bench, as_nobody, brittle};
use fusebox_shm::{OpenError, Options, Problem, SharedPanel, SharedRegistry, SharedView};
use rustix::fs::{CWD, FileType, Mode};

/// Words of the header.
const ORDER: usize = 1;
const VERSION: usize = 2;
const SLOT_SIZE: usize = 3;
const SLOTS: usize = 4;
const CHECKSUM: usize = 5;

/// The errors of every way to open it. None advises to delete a file that may be
/// anything: only a panel, of whatever release or damage, starts like this.
fn every_way(path: &Path) -> [OpenError; 3] {
    let errors = [
        SharedRegistry::<8>::open(path, Options::new()).map(drop).unwrap_err(),
        SharedPanel::open(path).map(drop).unwrap_err(),
        SharedView::open(path).map(drop).unwrap_err(),
    ];
    // To read a FIFO would mean to wait.
    let is_a_panel =
        path.is_file() && fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"fusebox\xFF"));
    for error in &errors {
        assert!(is_a_panel || !error.to_string().contains("delete"), "{error}");
    }
    errors
}

/// Checks that the file is refused in every way, with this text, and untouched.
fn refused(path: &Path, text: &str, is: impl Fn(&Problem) -> bool) {
    let look = || (fs::read(path).ok(), fs::metadata(path).unwrap().modified().unwrap());
    let before = look();
    for error in every_way(path) {
        assert!(is(error.problem()), "{error:?}");
        let said = error.to_string();
        assert!(said.starts_with(&format!("`{}`: ", path.display())), "{said}");
        assert!(said.contains(text), "{said}");
        assert_eq!(error.path(), path);
    }
    assert!(look() == before, "the file is as it was");
}

/// A good header, but for what `change` changed, with the checksum of that.
fn set_layout(bench: &Bench, at: usize, value: u64) {
    bench.set_word(at, |_| value);
    let bytes = bench.bytes();
    bench.set_word(CHECKSUM, |_| crc32fast::hash(&bytes[..CHECKSUM * 8]).into());
}

#[test]
fn another_file() {
    let bench = Bench::new();
    for content in [&b"some notes\n"[..], &[0; 128], &[0; 4_224], b"fusebox", &[0xFF; 4_096]] {
        fs::write(&bench.path, content).unwrap();
        refused(&bench.path, "is no panel of breakers: give another path", |problem| {
            matches!(problem, Problem::NotAPanel)
        });
    }
}

#[test]
fn an_empty_file() {
    let bench = Bench::new();
    File::create(&bench.path).unwrap();
    refused(&bench.path, "is empty, and no panel is: give another path", |problem| {
        matches!(problem, Problem::Empty)
    });
}

#[test]
fn another_version_of_the_layout() {
    let bench = Bench::with_shop();
    // Another version may have another checksum, too.
    bench.set_word(VERSION, |_| 3);
    refused(&bench.path, "has layout 3 and this program has 6: use one release", |problem| {
        matches!(problem, Problem::Version { found: 3, own: 6 })
    });
}

#[test]
fn the_other_byte_order() {
    let bench = Bench::with_shop();
    let mut bytes = bench.bytes();
    bytes[8..56].as_chunks_mut::<8>().0.iter_mut().for_each(|word| word.reverse());
    fs::write(&bench.path, bytes).unwrap();
    refused(&bench.path, "comes from a host of the other byte order", |problem| {
        matches!(problem, Problem::ByteOrder)
    });
}

#[test]
fn slots_of_another_size() {
    let bench = Bench::with_shop();
    set_layout(&bench, SLOT_SIZE, 128);
    refused(&bench.path, "its slots have 128 bytes and this program's have 1280", |problem| {
        matches!(problem, Problem::SlotSize { found: 128, own: 1280 })
    });
}

#[test]
fn another_number_of_slots() {
    let bench = Bench::with_shop();
    let before = bench.bytes();
    let error = SharedRegistry::<16>::open(&bench.path, Options::new()).unwrap_err();
    assert!(matches!(error.problem(), Problem::SlotCount { found: 8, asked: 16 }));
    assert!(error.to_string().contains("has 8 slots and 16 were asked for: ask for the same"));
    assert_eq!(bench.bytes(), before);
    assert_eq!(SharedPanel::open(&bench.path).unwrap().panel().capacity(), 8, "a tool may");
}

#[test]
fn impossible_numbers_of_slots() {
    for slots in [9, 7, 1 << 32, 1 << 57, u64::MAX >> 7, u64::MAX] {
        let bench = Bench::with_shop();
        set_layout(&bench, SLOTS, slots);
        refused(&bench.path, ": when no program uses it, delete it", |problem| {
            matches!(problem, Problem::Length { .. } | Problem::Damaged)
        });
    }
    let bench = Bench::with_shop();
    set_layout(&bench, SLOTS, 0);
    fs::write(&bench.path, &bench.bytes()[..128]).unwrap();
    refused(&bench.path, "its header is damaged", |problem| matches!(problem, Problem::Damaged));
}

#[test]
fn any_damaged_bit_of_the_layout() {
    for bit in 0..48 * 8 {
        let bench = Bench::with_shop();
        bench.set_word(bit / 64, |word| word ^ 1 << (bit % 64));
        refused(&bench.path, "", |problem| match bit / 64 {
            0 => matches!(problem, Problem::NotAPanel),
            VERSION => matches!(problem, Problem::Version { .. }),
            _ => matches!(problem, Problem::Damaged),
        });
    }
    assert_eq!(ORDER * 8, 8);
}

#[test]
fn a_truncated_file() {
    let bench = Bench::with_shop();
    let whole = bench.bytes();
    for len in [8_319, 4_224, 2_176, 200, 129, 128] {
        fs::write(&bench.path, &whole[..len]).unwrap();
        let text = format!("has {len} bytes instead of 10368, so somebody truncated it: when no");
        refused(&bench.path, &text, |problem| {
            matches!(problem, Problem::Length { expected: 10_368, .. })
        });
    }
    // A part of the header says nothing for certain.
    for len in 1..128 {
        fs::write(&bench.path, &whole[..len]).unwrap();
        refused(&bench.path, "", |problem| match len {
            ..8 => matches!(problem, Problem::NotAPanel),
            // The checksum ends here; its word is padded with zeros.
            44.. => matches!(problem, Problem::Length { expected: 10_368, .. }),
            _ => matches!(problem, Problem::Damaged | Problem::Version { .. }),
        });
    }
}

#[test]
fn an_extended_file() {
    let bench = Bench::with_shop();
    let whole = bench.bytes();
    for more in [1, 128, 1 << 20] {
        let mut longer = whole.clone();
        longer.resize(whole.len() + more, 0);
        fs::write(&bench.path, &longer).unwrap();
        let text = format!("has {} bytes instead of 10368, so somebody extended it", longer.len());
        refused(&bench.path, &text, |problem| {
            matches!(problem, Problem::Length { expected: 10_368, .. })
        });
    }
}

#[test]
fn what_is_no_file_of_bytes() {
    let bench = Bench::new();
    let kind = |wanted: &'static str| move |problem: &Problem| matches!(problem, Problem::NotAFile { kind } if *kind == wanted);
    refused(bench.folder.path(), "is a folder: give the path of a file", kind("folder"));
    // Nobody is at its other end: to open it would mean to wait.
    let fifo = bench.folder.path().join("fifo");
    rustix::fs::mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let (sender, opened) = std::sync::mpsc::channel();
    let path = fifo.clone();
    std::thread::spawn(move || sender.send(every_way(&path).map(|error| error.to_string())));
    let errors = opened.recv_timeout(std::time::Duration::from_mins(1)).expect("nobody waits");
    assert!(errors.iter().all(|error| error.contains("is a FIFO: give the path")), "{errors:?}");

    let socket = bench.folder.path().join("socket");
    let _listener = UnixListener::bind(&socket).unwrap();
    refused(&socket, "is a socket: give the path", kind("socket"));
    for device in ["/dev/null", "/dev/zero"] {
        for error in every_way(Path::new(device)) {
            assert!(kind("device")(error.problem()), "{error}");
        }
    }
}

#[test]
fn symbolic_links() {
    let bench = Bench::with_shop();
    let link = bench.folder.path().join("link");
    symlink(&bench.path, &link).unwrap();
    assert!(SharedRegistry::<8>::open(&link, Options::new()).unwrap().get("shop").is_some());

    let nowhere = bench.folder.path().join("nowhere");
    symlink(bench.folder.path().join("nothing"), &nowhere).unwrap();
    for error in every_way(&nowhere) {
        assert!(matches!(error.problem(), Problem::Dangling), "{error}");
        assert!(error.to_string().contains("is a symbolic link to nothing: make what"), "{error}");
    }
    assert!(!bench.folder.path().join("nothing").exists(), "nothing is made through a link");

    let circle = bench.folder.path().join("circle");
    symlink(&circle, &circle).unwrap();
    for error in every_way(&circle) {
        assert!(matches!(error.problem(), Problem::System { .. }), "{error}");
        assert!(std::error::Error::source(&error).is_some());
    }
}

#[test]
fn a_folder_that_does_not_exist_or_is_none() {
    let bench = Bench::with_shop();
    let lost = bench.folder.path().join("lost/panel");
    let error = SharedRegistry::<8>::open(&lost, Options::new()).unwrap_err();
    assert!(matches!(error.problem(), Problem::Folder(_)), "{error}");
    assert!(error.to_string().contains("no file can be made in its folder: make the folder"));
    let below_a_file = bench.path.join("panel");
    for error in every_way(&below_a_file) {
        assert!(error.to_string().contains("panel/panel`: "), "{error}");
    }
    let error = SharedRegistry::<8>::open("", Options::new()).unwrap_err();
    assert!(!error.to_string().is_empty());
}

#[test]
fn without_permission() {
    let bench = Bench::with_shop();
    fs::set_permissions(bench.folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let owner = rustix::process::getuid().as_raw();
    let before = bench.bytes();
    as_nobody(|| {
        for error in every_way(&bench.path) {
            let Problem::Permission { write, mode: 0o600, owner: found } = *error.problem() else {
                panic!("{error:?}")
            };
            assert_eq!(found, owner);
            let verb = if write { "read and write" } else { "read" };
            let text = format!(
                "this user may not {verb} it (mode 0600, owner {owner}): run as its owner, or"
            );
            assert!(error.to_string().contains(&text), "{error}");
        }
        // Nor may it make one there.
        let other = bench.folder.path().join("other");
        let error = SharedRegistry::<8>::open(other, Options::new()).unwrap_err();
        assert!(matches!(error.problem(), Problem::Folder(_)), "{error}");
    });
    fs::set_permissions(&bench.path, PermissionsExt::from_mode(0o644)).unwrap();
    as_nobody(|| {
        let error = SharedPanel::open(&bench.path).unwrap_err();
        assert!(matches!(error.problem(), Problem::Permission { write: true, .. }), "{error}");
        assert_eq!(SharedView::open(&bench.path).unwrap().readings().count(), 1, "it may look");
    });
    fs::set_permissions(bench.folder.path(), PermissionsExt::from_mode(0o700)).unwrap();
    as_nobody(|| {
        for error in every_way(&bench.path) {
            assert!(matches!(error.problem(), Problem::System { .. }), "{error}");
        }
    });
    assert_eq!(bench.bytes(), before);
}

#[test]
fn another_user_may_share_it_if_the_mode_says_so() {
    let bench = Bench::new();
    fs::set_permissions(bench.folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let panel = SharedRegistry::<8>::open(&bench.path, Options::new().mode(0o666)).unwrap();
    let shared = as_nobody(|| {
        bench.open().get_or_init("shop", brittle()).unwrap().force_open();
    });
    if shared {
        assert!(panel.get("shop").unwrap().try_acquire().is_err());
    }
}
