//! Who holds a place: a process, and whether it lives.

use std::{fs, io};

use rustix::{
    io::Errno,
    process::{Pid, getpid, test_kill_process},
};

use crate::epoch::Epoch;

/// A process of this host, in one word that is not 0: its number (22 bits), when it began
/// in ticks of the kernel's (32), and which boot that was (10). Numbers are given again;
/// these three together are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owner(pub(super) u64);

/// Linux has no larger number of a process.
const PID: u32 = 22;
const START: u32 = 32;

impl Owner {
    const fn of(pid: u32, start: u64, boot: Epoch) -> Self {
        let start = start & ((1 << START) - 1);
        Self(pid as u64 | start << PID | boot.0 >> (64 - 10) << (PID + START))
    }

    /// This process.
    pub(super) fn current(boot: Epoch) -> io::Result<Self> {
        let stat = fs::read_to_string("/proc/self/stat")?;
        let Some(Stat { start, .. }) = Stat::of(&stat) else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        Ok(Self::of(getpid().as_raw_nonzero().get().unsigned_abs(), start, boot))
    }

    pub(super) const fn pid(self) -> u32 {
        (self.0 & ((1 << PID) - 1)) as u32
    }

    /// Whether it is of this boot, as far as it says.
    pub(super) const fn is_of(self, boot: Epoch) -> bool {
        self.0 >> (PID + START) == boot.0 >> (64 - 10)
    }

    /// Whether this process has it, or had it before it forked.
    pub(super) fn is_this_process(self) -> bool {
        self.pid() == getpid().as_raw_nonzero().get().unsigned_abs()
    }

    /// Whether the process has ended: it runs no instruction any more. Where that is not
    /// known, it has not.
    pub(super) fn is_dead(self, boot: Epoch) -> bool {
        let Some(pid) = i32::try_from(self.pid()).ok().and_then(Pid::from_raw) else {
            return true; // a word that no process wrote
        };
        if test_kill_process(pid) == Err(Errno::SRCH) {
            return true;
        }
        // Another user's may be hidden: then it lives.
        let Ok(stat) = fs::read_to_string(format!("/proc/{}/stat", self.pid())) else {
            return test_kill_process(pid) == Err(Errno::SRCH);
        };
        Stat::of(&stat)
            .is_some_and(|stat| stat.has_ended || Self::of(self.pid(), stat.start, boot) != self)
    }
}

/// What the kernel says of a process.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    start: u64,
    /// It waits for its parent to hear of its end.
    has_ended: bool,
}

impl Stat {
    /// Of a line of `/proc/PID/stat`.
    fn of(line: &str) -> Option<Self> {
        // The program's name stands in parentheses, and can hold anything.
        let mut words = line.rsplit_once(") ")?.1.split(' ');
        let state = words.next()?;
        // Counted as in `man proc_pid_stat`, where the state is the third.
        let threads: u64 = words.nth(20 - 4)?.parse().ok()?;
        let start = words.nth(22 - 21)?.parse().ok()?;
        // A first thread that has ended, while others go on, looks like that, too.
        Some(Self { start, has_ended: matches!(state, "Z" | "X") && threads <= 1 })
    }
}

/// The space in which processes have their numbers, in 32 bits, and the boot in as many.
pub(super) fn numbering(boot: Epoch) -> io::Result<u64> {
    let space = fs::read_link("/proc/self/ns/pid")?;
    let hash = crc32fast::hash(space.as_os_str().as_encoded_bytes());
    Ok(boot.0 >> 32 << 32 | u64::from(hash.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_whatever_the_program_is_called() {
        let tail = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 0 1 0 4242 0";
        for (state, has_ended) in [("S", false), ("R", false), ("Z", true), ("X", true)] {
            for name in ["shop", "a b", ") Z (", ""] {
                let line = format!("77 ({name}) {state} {tail}");
                assert_eq!(Stat::of(&line), Some(Stat { start: 4242, has_ended }), "{line}");
            }
        }
        assert_eq!(Stat::of("77 (shop"), None);
        assert_eq!(Stat::of("77 (shop) Z 1 2"), None);
        let many = "77 (shop) Z 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 0 3 0 4242 0";
        assert_eq!(Stat::of(many), Some(Stat { start: 4242, has_ended: false }));
    }

    #[test]
    fn this_process_lives_and_others_do_not() {
        let boot = Epoch::current().unwrap();
        let own = Owner::current(boot).unwrap();
        assert_eq!(own, Owner::current(boot).unwrap());
        assert!(own.is_this_process() && !own.is_dead(boot));
        let earlier = Owner(own.0 - (1 << PID));
        assert!(earlier.is_dead(boot), "one with its number that began before it");
        assert!(Owner(own.0 ^ 1 << 63).is_dead(boot), "one of another boot");
        assert!(Owner(u64::MAX).is_dead(boot) && Owner(1 << PID).is_dead(boot));
    }
}
