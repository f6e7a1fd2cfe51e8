//! Root may ignore the modes of files, so that nothing is read-only for it. A
//! store's thread lays that right down, and is then as anybody else.

#[cfg(target_os = "linux")]
pub fn lay_down() {
    use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
    // Of this thread alone. Where it cannot, there is no right to lay down.
    let rights = CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH;
    if let Ok(mut sets) = capabilities(None) {
        sets.effective.remove(rights);
        let _ = set_capabilities(None, sets);
    }
}

#[cfg(not(target_os = "linux"))]
pub fn lay_down() {}
