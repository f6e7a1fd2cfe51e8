//! Whose clock has stamped a file: the boot's identity and the time namespace.

use std::{fs, io};

use crate::error::Problem;

const BOOT: &str = "/proc/sys/kernel/random/boot_id";
const OFFSETS: &str = "/proc/self/timens_offsets";

/// The monotonic clock of this boot and this time namespace, in one word so
/// that it changes by one compare-and-swap: 32 bits of the boot's identity, and
/// 32 bits of the namespace's offset.
///
/// Should two boots share their 32 bits, once in four thousand million, stamps
/// lie in the past or the future of the new clock: a breaker then waits for one
/// recovery timeout at most, as after any leap of a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Epoch(pub(crate) u64);

impl Epoch {
    /// This process's.
    pub(crate) fn current() -> Result<Self, Problem> {
        let boot = fs::read(BOOT).map_err(Problem::Boot)?;
        let offset = match fs::read_to_string(OFFSETS) {
            Ok(offsets) => monotonic(&offsets),
            // A kernel without time namespaces: they came with Linux 5.6.
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Problem::Boot(error)),
        };
        let boot = u64::from(crc32fast::hash(&boot));
        Ok(Self(boot << 32 | u64::from(crc32fast::hash(offset.as_bytes()))))
    }

    /// Whether both are of one boot, in whatever namespaces.
    pub(crate) const fn same_boot(self, other: Self) -> bool {
        self.0 >> 32 == other.0 >> 32
    }
}

/// The line of the monotonic clock, without its spaces; empty for no offset.
fn monotonic(offsets: &str) -> String {
    let line = offsets.lines().find_map(|line| line.strip_prefix("monotonic"));
    let offset = line.map(|line| line.split_whitespace().collect::<Vec<_>>().join("."));
    offset.filter(|offset| offset != "0.0").unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_offset_is_the_same_as_no_namespaces() {
        assert_eq!(
            monotonic("monotonic           0         0\nboottime            0         0\n"),
            ""
        );
        assert_eq!(monotonic(""), "");
        assert_eq!(monotonic("monotonic        -100         5\nboottime 0 0\n"), "-100.5");
    }

    #[test]
    fn this_process_has_one() {
        let epoch = Epoch::current().unwrap();
        assert_eq!(epoch, Epoch::current().unwrap());
        assert!(epoch.same_boot(Epoch(epoch.0 ^ 1)));
        assert!(!epoch.same_boot(Epoch(epoch.0 ^ 1 << 32)));
    }
}
