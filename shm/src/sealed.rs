//! Memory without a name in a file system, which nobody can truncate.

use std::{
    fs::File,
    os::fd::{AsRawFd, OwnedFd},
    path::PathBuf,
    process,
};

use rustix::{
    fs::{MemfdFlags, SealFlags},
    io::Errno,
};

use crate::{create::fill, epoch::Epoch, error::Problem, header, open::system};

/// Such memory, as a panel without breakers, and the path by which others find
/// it while `File` is open.
pub(crate) fn sealed(name: &str, slots: usize, epoch: Epoch) -> Result<(File, PathBuf), Problem> {
    let refused = |step| move |error: Errno| system(step)(error.into());
    let file = File::from(unnamed(name).map_err(refused("make memory of that name"))?);
    fill(&header::PANEL, &file, slots, 0o600, epoch)?;
    // For ever, and for everybody: root cannot take a seal away either.
    let seals = SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
    rustix::fs::fcntl_add_seals(&file, seals).map_err(refused("seal it"))?;
    let path = PathBuf::from(format!("/proc/{}/fd/{}", process::id(), file.as_raw_fd()));
    Ok((file, path))
}

fn unnamed(name: &str) -> Result<OwnedFd, Errno> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    // Some hosts ask for memory that cannot be executed, and kernels before
    // Linux 6.3 do not know of it.
    match rustix::fs::memfd_create(name, flags | MemfdFlags::NOEXEC_SEAL) {
        Err(Errno::INVAL) => rustix::fs::memfd_create(name, flags),
        made => made,
    }
}
