//! A new panel's file, or a trace's: made aside, whole, and then given its name, so that
//! nobody ever sees a part of one, and of racing creators one wins.

use std::{
    fs::{File, Permissions},
    io,
    os::{
        fd::AsRawFd,
        unix::fs::{FileExt, PermissionsExt},
    },
    path::Path,
};

use rustix::{
    fs::{AtFlags, CWD, FallocateFlags, Mode, OFlags, fallocate, linkat},
    io::Errno,
    process::{Resource, getrlimit},
};

use crate::{
    epoch::Epoch,
    error::Problem,
    header::{self, Kind},
    open::{no_room, system},
};

/// Makes the file; false if another did so first.
pub(crate) fn create(
    kind: &Kind,
    path: &Path,
    slots: usize,
    mode: u32,
    epoch: Epoch,
) -> Result<bool, Problem> {
    let file = match unnamed(path) {
        Ok(file) => file,
        // A file system, or a kernel, that has no files without a name.
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => {
            return named(kind, path, slots, mode, epoch);
        }
        Err(error) => return Err(no_file(error.into())),
    };
    fill(kind, &file, slots, mode, epoch)?;
    let itself = format!("/proc/self/fd/{}", file.as_raw_fd());
    match linkat(CWD, itself, CWD, path, AtFlags::SYMLINK_FOLLOW) {
        Ok(()) => Ok(true),
        Err(Errno::EXIST) => Ok(false),
        // Or one that gives such a file no name later, or a guard that forbids it.
        Err(_) => named(kind, path, slots, mode, epoch),
    }
}

/// A file that vanishes with this process, unless it is given a name.
fn unnamed(path: &Path) -> Result<File, Errno> {
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    rustix::fs::open(folder(path), flags, Mode::RUSR | Mode::WUSR).map(File::from)
}

/// The same by a file with a name of its own beside the other, which a killed
/// creator leaves behind.
fn named(kind: &Kind, path: &Path, slots: usize, mode: u32, epoch: Epoch) -> Result<bool, Problem> {
    let aside = tempfile::Builder::new().prefix(".panel-").tempfile_in(folder(path));
    let aside = aside.map_err(no_file)?;
    fill(kind, aside.as_file(), slots, mode, epoch)?;
    match aside.persist_noclobber(path) {
        Ok(_) => Ok(true),
        Err(refused) if refused.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(refused) => Err(system("name it")(refused.error)),
    }
}

/// Makes it a panel without breakers, or a trace without records.
pub(crate) fn fill(
    kind: &Kind,
    file: &File,
    slots: usize,
    mode: u32,
    epoch: Epoch,
) -> Result<(), Problem> {
    let needed = header::file_size(kind, slots).map_or(u64::MAX, |size| size as u64);
    // Beyond the limit the kernel would not only refuse, but send SIGXFSZ,
    // which ends the process.
    if getrlimit(Resource::Fsize).current.is_some_and(|limit| limit < needed) {
        return Err(Problem::TooLarge { needed });
    }
    // Exactly this mode, whatever the umask.
    let mode = Permissions::from_mode(mode);
    file.set_permissions(mode).map_err(system("set its mode"))?;
    // All blocks now: later a full disk would be a SIGBUS.
    match fallocate(file, FallocateFlags::empty(), 0, needed) {
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => zeros(file, needed),
        allocated => allocated.map_err(io::Error::from),
    }
    .map_err(no_room(needed))?;
    file.write_all_at(&header::bytes(kind, slots, epoch), 0).map_err(no_room(needed))?;
    // Once in a file's life: after a power failure a name must not be found
    // with a header that was never written, for then nobody could open it. The
    // slots need no such care: each of their words is the old or the new one.
    file.sync_all().map_err(no_room(needed))
}

/// What a file system that allocates nothing ahead takes for an allocation.
fn zeros(file: &File, len: u64) -> io::Result<()> {
    let block = [0; 1 << 12];
    let mut at = 0;
    while at < len {
        let next = usize::try_from(len - at).unwrap_or(block.len()).min(block.len());
        file.write_all_at(&block[..next], at)?;
        at += next as u64;
    }
    Ok(())
}

/// Where the file is to be.
fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

fn no_file(error: io::Error) -> Problem {
    match error.kind() {
        io::ErrorKind::NotFound
        | io::ErrorKind::NotADirectory
        | io::ErrorKind::PermissionDenied => Problem::Folder(error),
        io::ErrorKind::ReadOnlyFilesystem => Problem::ReadOnly,
        _ => system("make a file in its folder")(error),
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::{Options, SharedPanel, SharedRegistry};

    fn files(folder: &Path) -> usize {
        std::fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn without_unnamed_files_it_is_made_under_another_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("panel");
        let epoch = Epoch::current().unwrap();
        assert!(named(&header::PANEL, &path, 8, 0o640, epoch).unwrap());
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o7777, 0o640);
        SharedRegistry::<8>::open(&path, Options::new().create(false))
            .unwrap()
            .get_or_default("a")
            .unwrap();
        assert!(!named(&header::PANEL, &path, 8, 0o640, epoch).unwrap(), "another was first");
        assert!(SharedPanel::open(&path).unwrap().panel().get("a").is_some(), "and is still there");
        assert_eq!(files(folder.path()), 1, "no other name is left");
    }

    #[test]
    fn of_racing_threads_one_makes_it_so_as_well() {
        let epoch = Epoch::current().unwrap();
        for _ in 0..50 {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("panel");
            let made = thread::scope(|scope| {
                let make = || named(&header::PANEL, &path, 8, 0o600, epoch).unwrap();
                let threads: Vec<_> = (0..4).map(|_| scope.spawn(make)).collect();
                threads
                    .into_iter()
                    .map(|thread| thread.join().unwrap())
                    .filter(|made| *made)
                    .count()
            });
            assert_eq!((made, files(folder.path())), (1, 1));
        }
    }

    #[test]
    fn zeros_take_the_place_of_an_allocation() {
        let file = tempfile::tempfile().unwrap();
        for len in [0, 1, 4_095, 4_096, 4_097, 10_000] {
            file.set_len(0).unwrap();
            zeros(&file, len).unwrap();
            assert_eq!(file.metadata().unwrap().len(), len);
        }
    }
}
