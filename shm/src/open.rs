//! A panel's file is found, looked at, and mapped.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{FileExt, FileTypeExt, MetadataExt, OpenOptionsExt},
    path::Path,
};

use fusebox::{Clock, ConstDefault, Limits, Observer};
use rustix::fs::{FallocateFlags, OFlags};

#[cfg(target_pointer_width = "64")]
use crate::map::ReadOnly;
use crate::{
    epoch::Epoch,
    error::Problem,
    header::{self, Kind},
    map::Map,
    rebase::{rebase, take_over},
};

/// A file whose header is good, of a clock that this process has, or of one
/// that nobody has any more.
pub(crate) struct Good {
    kind: &'static Kind,
    file: File,
    slots: usize,
    epoch: Epoch,
}

impl Good {
    /// Opens the file, and changes nothing.
    pub(crate) fn open(
        kind: &'static Kind,
        path: &Path,
        write: bool,
        epoch: Epoch,
    ) -> Result<Self, Problem> {
        let file = open_file(path, write)?;
        let len = regular(&file.metadata().map_err(system("look at it"))?)?;
        if len == 0 {
            return Err(Problem::Empty);
        }
        let mut bytes = [0; header::SIZE];
        let there = usize::try_from(len).unwrap_or(usize::MAX).min(bytes.len());
        // Read, not mapped: whatever becomes of the file, this is no SIGBUS.
        file.read_exact_at(&mut bytes[..there], 0).map_err(|error| match error.kind() {
            // Truncated since: nobody knows what it was.
            io::ErrorKind::UnexpectedEof => (kind.other)(),
            _ => system("read it")(error),
        })?;
        let (slots, stamped) = header::read(kind, &bytes, len)?;
        if stamped.same_boot(epoch) && stamped != epoch {
            return Err(Problem::TimeNamespace);
        }
        Ok(Self { kind, file, slots, epoch })
    }

    pub(crate) const fn slots(&self) -> usize {
        self.slots
    }

    /// Maps it, for reading and writing, and sees to its stamps.
    pub(crate) fn map<C, O>(self) -> Result<Map, Problem>
    where
        C: Clock + ConstDefault,
        O: Observer + ConstDefault,
    {
        let epoch = self.epoch;
        let map = self.map_writable()?;
        // Before anybody here can ask one of them, whoever made the file.
        map.limits::<C, O>().iter().for_each(Limits::share);
        rebase::<C, O>(&map, epoch)?;
        Ok(map)
    }

    /// Maps what keeps its stamps, for reading and writing: a trace, or a bulkhead.
    pub(crate) fn map_kept(self) -> Result<Map, Problem> {
        let epoch = self.epoch;
        let map = self.map_writable()?;
        take_over(&map, epoch, || {})?;
        Ok(map)
    }

    fn map_writable(self) -> Result<Map, Problem> {
        // A copy of a panel can have holes, for which a write to the mapping
        // would need room: on a full disk a SIGBUS.
        let len = self.size();
        match rustix::fs::fallocate(&self.file, FallocateFlags::KEEP_SIZE, 0, len) {
            // Some file systems cannot say.
            Ok(()) | Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {}
            Err(error) => return Err(no_room(len)(error.into())),
        }
        let map = Map::writable(self.kind, &self.file, self.slots).map_err(system("map it"))?;
        self.check_length()?;
        Ok(map)
    }

    /// Maps it, for reading.
    #[cfg(target_pointer_width = "64")]
    pub(crate) fn map_read_only(self) -> Result<ReadOnly, Problem> {
        let map = ReadOnly::new(self.kind, &self.file, self.slots).map_err(system("map it"))?;
        self.check_length()?;
        Ok(map)
    }

    fn size(&self) -> u64 {
        header::file_size(self.kind, self.slots).map_or(0, |size| size as u64)
    }

    /// The length is still right, now that the file is mapped: whoever
    /// truncates it later does what the docs say not to do.
    fn check_length(&self) -> Result<(), Problem> {
        let (found, expected) =
            (regular(&self.file.metadata().map_err(system("look at it"))?)?, self.size());
        if found == expected { Ok(()) } else { Err(Problem::Length { found, expected }) }
    }
}

fn open_file(path: &Path, write: bool) -> Result<File, Problem> {
    let found = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let link = fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
            return Err(if link { Problem::Dangling } else { Problem::NotFound });
        }
        found => found.map_err(system("find it"))?,
    };
    // Before it is opened: to open a device can set it going.
    regular(&found)?;
    // Should it have become a FIFO since, nobody waits for its other end.
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let opened = OpenOptions::new()
        .read(true)
        .write(write)
        .custom_flags(flags.bits().cast_signed())
        .open(path);
    opened.map_err(|error| match error.kind() {
        // Deleted since: who opens it looks again.
        io::ErrorKind::NotFound => Problem::NotFound,
        io::ErrorKind::PermissionDenied => {
            Problem::Permission { write, mode: found.mode() & 0o7777, owner: found.uid() }
        }
        io::ErrorKind::ReadOnlyFilesystem => Problem::ReadOnly,
        _ => system("open it")(error),
    })
}

/// The length of a file of bytes.
fn regular(found: &fs::Metadata) -> Result<u64, Problem> {
    let kind = match found.file_type() {
        kind if kind.is_file() => return Ok(found.len()),
        kind if kind.is_dir() => "folder",
        kind if kind.is_fifo() => "FIFO",
        kind if kind.is_socket() => "socket",
        _ => "device",
    };
    Err(Problem::NotAFile { kind })
}

/// A step that the system refused.
pub(crate) fn system(step: &'static str) -> impl FnOnce(io::Error) -> Problem {
    move |error| Problem::System { step, error }
}

/// There are no blocks for this many bytes.
pub(crate) fn no_room(needed: u64) -> impl FnOnce(io::Error) -> Problem {
    move |error| match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Problem::NoSpace { needed },
        io::ErrorKind::FileTooLarge => Problem::TooLarge { needed },
        _ => system("give it room")(error),
    }
}
