//! failsafe-go's circuit breaker (failsafe-go/failsafe-go, `circuitbreaker`, commits
//! 5759a5e and 0e452f4a, `internal/util/stats.go` at 005dc771; failsafe-go.dev).
//!
//! By default one failure opens it, for 1 minute, and one success closes it. The rate
//! based one of its documentation opens at 20 % of failures, of at least 5 executions,
//! in 1 minute of 10 buckets; rates are rounded to whole percents. A half-open breaker
//! permits as many executions at once as it needs: 1, or 5. It decides on the last so
//! many results, whichever calls they are of, and each result gives a permit back.

use std::collections::VecDeque;

use super::{
    Attempt, Ended, Rule, Ticket,
    window::{Buckets, Counts},
};
use crate::{random::Random, time::Time};

/// Results, of the last executions or of the last minute.
#[derive(Debug, Clone)]
enum Stats {
    Last(usize, VecDeque<bool>),
    Timed(Buckets),
}

impl Stats {
    fn record(&mut self, now: Time, failed: bool) -> Counts {
        match self {
            Self::Last(size, results) => {
                if results.len() == *size {
                    results.pop_front();
                }
                results.push_back(failed);
                let mut sum = Counts::default();
                for &failed in &*results {
                    sum += Counts::of(failed);
                }
                sum
            }
            Self::Timed(buckets) => {
                buckets.add(now, Counts::of(failed));
                buckets.sum()
            }
        }
    }
}

#[derive(Debug, Clone)]
enum State {
    Closed(Stats),
    Open(Time, Stats),
    HalfOpen { permits: u32, results: Stats },
}

/// Opens at so many percent of at least so many executions in so long.
#[derive(Debug, Clone, Copy)]
struct Rate {
    percent: f64,
    executions: u32,
    period: Time,
}

/// failsafe-go's circuit breaker.
#[derive(Debug, Clone)]
pub struct FailsafeGoBreaker {
    rate: Option<Rate>,
    delay: Time,
    state: State,
    writes: u64,
}

impl FailsafeGoBreaker {
    /// `WithFailureRateThreshold`: percent, executions, period.
    #[must_use]
    pub fn rate(percent: u32, executions: u32, period: Time) -> Self {
        let rate = Rate { percent: f64::from(percent), executions, period };
        Self::new(Some(rate))
    }

    fn new(rate: Option<Rate>) -> Self {
        let state = State::Closed(closed(rate));
        Self { rate, delay: Time::secs(60), state, writes: 0 }
    }

    fn go(&mut self, state: State) {
        self.state = state;
        self.writes += 1;
    }

    fn close(&mut self) {
        self.go(State::Closed(closed(self.rate)));
    }

    fn open(&mut self, now: Time, stats: Stats) {
        self.go(State::Open(now + self.delay, stats));
    }

    /// How many executions a half-open breaker wants.
    fn capacity(&self) -> u32 {
        self.rate.map_or(1, |rate| rate.executions)
    }
}

/// Whether it has failed, and whether it has succeeded.
fn exceeded(rate: Option<Rate>, sum: Counts) -> (bool, bool) {
    let Some(rate) = rate else { return (sum.part >= 1, sum.all > sum.part) };
    let percent = |part| libm::round(100.0 * Counts { all: sum.all, part }.share());
    let enough = sum.all >= rate.executions;
    let failed = percent(sum.part) >= rate.percent;
    let succeeded = percent(sum.all - sum.part) > 100.0 - rate.percent;
    (enough && failed, enough && succeeded)
}

fn closed(rate: Option<Rate>) -> Stats {
    match rate {
        Some(Rate { period, .. }) => {
            Stats::Timed(Buckets::new(10, Time::micros(period.as_micros() / 10)))
        }
        None => Stats::Last(1, VecDeque::new()),
    }
}

impl Default for FailsafeGoBreaker {
    fn default() -> Self {
        Self::new(None)
    }
}

impl Rule for FailsafeGoBreaker {
    fn admit(&mut self, attempt: Attempt, _: &mut Random) -> Option<Ticket> {
        if let State::Open(until, _) = self.state
            && attempt.now >= until
        {
            let permits = self.capacity();
            let results = Stats::Last(permits as usize, VecDeque::new());
            self.go(State::HalfOpen { permits, results });
        }
        match &mut self.state {
            State::Closed(_) => Some(Ticket::default()),
            State::HalfOpen { permits, .. } if *permits > 0 => {
                *permits -= 1;
                self.writes += 1;
                Some(Ticket::default())
            }
            _ => None,
        }
    }

    fn end(&mut self, _: Ticket, ended: Ended, _: &mut Random) {
        let (now, failed) = (ended.now, ended.failed());
        self.writes += 1;
        match &mut self.state {
            State::Closed(stats) => {
                if exceeded(self.rate, stats.record(now, failed)).0 {
                    let stats = stats.clone();
                    self.open(now, stats);
                }
            }
            State::Open(_, stats) => {
                stats.record(now, failed);
            }
            State::HalfOpen { permits, results } => {
                *permits += 1;
                match exceeded(self.rate, results.record(now, failed)) {
                    (_, true) => self.close(),
                    (true, false) => {
                        let stats = results.clone();
                        self.open(now, stats);
                    }
                    (false, false) => {}
                }
            }
        }
    }

    /// On 64-bit Go: the breaker, its state and its settings (48 + 32 + 240), and a bit
    /// set (64), or 10 buckets of 16 bytes with their summary (72).
    fn bytes(&self) -> usize {
        320 + if self.rate.is_some() { 10 * 16 + 72 } else { 64 }
    }

    fn writes(&self) -> u64 {
        self.writes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{End, testing::Rig};

    fn rate() -> Rig<FailsafeGoBreaker> {
        Rig::new(FailsafeGoBreaker::rate(20, 5, Time::secs(60)))
    }

    #[test]
    fn one_failure_opens_the_default_for_a_minute() {
        let mut rig = Rig::new(FailsafeGoBreaker::default());
        assert!(rig.succeed(100) && rig.fail(1));
        rig.wait(Time::millis(59_999));
        assert!(!rig.call(End::Success));
        rig.wait(Time::millis(1));
        assert!(rig.fail(1) && !rig.call(End::Success));
        rig.wait(Time::secs(60));
        assert!(rig.succeed(1) && rig.fail(1));
    }

    #[test]
    fn the_rate_needs_five_executions_and_a_fifth_of_failures() {
        let mut rig = rate();
        assert!(rig.fail(4) && rig.succeed(1) && !rig.call(End::Success));
        assert_eq!(rate().run(100, Time::secs(120), 0.18).refused_at, None);
        assert!(rate().run(100, Time::secs(120), 0.2).refused_at.is_some());
    }

    #[test]
    fn the_healthy_minute_hides_an_outage() {
        let mut rig = rate();
        assert_eq!(rig.run(100, Time::secs(90), 0.0).refused_at, None);
        let after = rig.run(100, Time::secs(30), 1.0).refused_at.unwrap();
        assert!(after > Time::secs(10) && after <= Time::secs(12), "{after}");
    }

    #[test]
    fn five_results_decide_a_half_open_rate() {
        let mut rig = rate();
        assert!(rig.fail(5));
        rig.wait(Time::secs(60));
        assert!(rig.fail(1) && rig.succeed(4) && !rig.call(End::Success), "20 % opens");
        rig.wait(Time::secs(60));
        assert!(rig.succeed(5) && rig.fail(4));
    }
}
