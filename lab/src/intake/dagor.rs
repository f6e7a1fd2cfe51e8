//! DAGOR, of `WeChat` (Zhou and others, "Overload Control for Scaling `WeChat`
//! Microservices", ACM Symposium on Cloud Computing, 2018): a window of a second or 2000
//! calls is one of overload where the mean wait in line was above 20 ms. Then the level of
//! admission moves so that of the next as many calls 5 % fewer come in than did in this
//! one, and else 1 % more, by a histogram of the calls that came. A level is that of the
//! business, here the call's own, and below it one of 128 of users. A call that has waited
//! for 500 ms is dropped, as its caller has given up.

use super::{Call, Guard, LEVELS};

const WINDOW: u64 = 1_000_000;
const CALLS: u32 = 2_000;
const WAIT: u64 = 20_000;
const PATIENCE: u64 = 500_000;
const USERS: usize = 128;
const ALL: usize = LEVELS.len() * USERS;

/// DAGOR, of `WeChat`.
#[derive(Debug)]
pub struct Dagor {
    /// So many levels are admitted, the highest first.
    admitted: usize,
    /// The calls of the window that came, by level, and those that came in.
    came: Vec<u32>,
    came_in: u32,
    calls: u32,
    /// The sum of the waits in the window, and of how many calls.
    waited: u64,
    began: u32,
    until: u64,
}

impl Default for Dagor {
    fn default() -> Self {
        let came = vec![0; ALL];
        Self { admitted: ALL, came, came_in: 0, calls: 0, waited: 0, began: 0, until: WINDOW }
    }
}

impl Dagor {
    fn end_window(&mut self, now: u64) {
        let overloaded = self.began > 0 && self.waited / u64::from(self.began) > WAIT;
        let mut prefix: u32 = self.came[..self.admitted].iter().sum();
        if overloaded {
            let expected = self.came_in - self.came_in / 20;
            while prefix > expected && self.admitted > 0 {
                self.admitted -= 1;
                prefix -= self.came[self.admitted];
            }
        } else {
            let expected = self.came_in + self.came_in / 100;
            while prefix < expected && self.admitted < ALL {
                prefix += self.came[self.admitted];
                self.admitted += 1;
            }
            if self.came_in == self.calls {
                self.admitted = ALL; // all that came were admitted
            }
        }
        self.came.fill(0);
        (self.came_in, self.calls, self.waited, self.began) = (0, 0, 0, 0);
        self.until = now + WINDOW;
    }
}

impl Guard for Dagor {
    fn comes(&mut self, now: u64, call: Call) -> bool {
        if now >= self.until || self.calls >= CALLS {
            self.end_window(now);
        }
        let level = call.level * USERS + usize::from(call.user) % USERS;
        self.came[level] += 1;
        self.calls += 1;
        let admitted = level < self.admitted;
        self.came_in += u32::from(admitted);
        admitted
    }

    fn begins(&mut self, _: u64, _: Call, waited: u64) -> bool {
        self.waited += waited;
        self.began += 1;
        waited < PATIENCE
    }
}
