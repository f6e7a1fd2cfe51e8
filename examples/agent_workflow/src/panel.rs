//! The breakers in a file, where other programs see and steer them:
//! `fusebox -p FILE top`, `fusebox -p FILE isolate inferer`.

use std::path::Path;

use crate::Failure;

/// Puts the process's registry into the file `path`, before anybody asks for a
/// breaker.
#[cfg(target_os = "linux")]
pub fn share(path: &Path) -> Result<(), Failure> {
    use fusebox_shm::{Options, SharedRegistry};

    let registry = SharedRegistry::<256>::open(path, Options::new())?.leak();
    fusebox::set_global(registry)?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
pub fn share(_path: &Path) -> Result<(), Failure> {
    Err("--panel needs Linux: see the docs of fusebox-shm".into())
}
