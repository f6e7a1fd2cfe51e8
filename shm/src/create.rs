//! A new panel's file: made aside, whole, and then given its name, so that
//! nobody ever sees a part of one, and of racing creators one wins.

use std::{
    ffi::{OsStr, OsString},
    fs::File,
    io,
    os::{fd::AsRawFd, unix::fs::FileExt},
    path::{Path, PathBuf},
    process,
};

use rustix::{
    fs::{AtFlags, CWD, FallocateFlags, Mode, OFlags},
    io::Errno,
    process::{Resource, getrlimit},
};

use crate::{
    epoch::Epoch,
    error::Problem,
    header,
    open::{no_room, system},
};

/// Makes the file; false if another did so first.
pub(crate) fn create(path: &Path, slots: usize, mode: u32, epoch: Epoch) -> Result<bool, Problem> {
    match unnamed(path) {
        Ok(file) => {
            fill(&file, slots, mode, epoch)?;
            let itself = format!("/proc/self/fd/{}", file.as_raw_fd());
            link(Path::new(&itself), path)
        }
        // A file system, or a kernel, that has no files without a name.
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => named(path, slots, mode, epoch),
        Err(error) => Err(no_file(error)),
    }
}

/// A file that vanishes with this process, unless it is given a name.
fn unnamed(path: &Path) -> Result<File, Errno> {
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    rustix::fs::open(folder(path), flags, Mode::RUSR | Mode::WUSR).map(File::from)
}

/// The same by a file with a name of its own beside the other, which a killed
/// creator leaves behind.
fn named(path: &Path, slots: usize, mode: u32, epoch: Epoch) -> Result<bool, Problem> {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or(OsStr::new("panel")));
    name.push(format!(".{}.new", process::id()));
    let aside = Aside(folder(path).join(name));
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC;
    let file = rustix::fs::open(&aside.0, flags, Mode::RUSR | Mode::WUSR).map_err(no_file)?;
    fill(&file.into(), slots, mode, epoch)?;
    link(&aside.0, path)
}

/// A name to be taken away again, whatever happens.
struct Aside(PathBuf);

impl Drop for Aside {
    fn drop(&mut self) {
        // Should that fail, a small file is left over, which nobody opens.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Makes it a panel without breakers.
pub(crate) fn fill(file: &File, slots: usize, mode: u32, epoch: Epoch) -> Result<(), Problem> {
    let needed = header::file_size(slots).map_or(u64::MAX, |size| size as u64);
    // Beyond the limit the kernel would not only refuse, but send SIGXFSZ,
    // which ends the process.
    if getrlimit(Resource::Fsize).current.is_some_and(|limit| limit < needed) {
        return Err(Problem::TooLarge { needed });
    }
    // Exactly this mode, whatever the umask.
    rustix::fs::fchmod(file, Mode::from_raw_mode(mode)).map_err(refused("set its mode"))?;
    // All blocks now: later a full disk would be a SIGBUS.
    match rustix::fs::fallocate(file, FallocateFlags::empty(), 0, needed) {
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => zeros(file, needed),
        allocated => allocated.map_err(io::Error::from),
    }
    .map_err(no_room(needed))?;
    file.write_all_at(&header::bytes(slots, epoch), 0).map_err(no_room(needed))?;
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

/// Gives `from` the name `to`; false if something has it.
fn link(from: &Path, to: &Path) -> Result<bool, Problem> {
    match rustix::fs::linkat(CWD, from, CWD, to, AtFlags::SYMLINK_FOLLOW) {
        Ok(()) => Ok(true),
        Err(Errno::EXIST) => Ok(false),
        // No hard links there. A rename that replaces nothing does the same,
        // for a file that has a name.
        Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS) => {
            match rustix::fs::renameat_with(CWD, from, CWD, to, rustix::fs::RenameFlags::NOREPLACE)
            {
                Ok(()) => Ok(true),
                Err(Errno::EXIST) => Ok(false),
                Err(error) => Err(refused("name it")(error)),
            }
        }
        Err(error) => Err(refused("name it")(error)),
    }
}

/// Where the file is to be.
fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

fn no_file(error: Errno) -> Problem {
    match error {
        Errno::ROFS => Problem::ReadOnly,
        Errno::NOSPC | Errno::DQUOT => Problem::NoSpace { needed: 0 },
        error => Problem::Folder(error.into()),
    }
}

fn refused(step: &'static str) -> impl FnOnce(Errno) -> Problem {
    move |error| system(step)(error.into())
}
