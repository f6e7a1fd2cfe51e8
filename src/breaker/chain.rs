//! How long a score takes to its threshold: the exact chain, solved without a
//! subtraction.
//!
//! A failure lifts the score by its weight, a success lowers it by 1, and 0 is the
//! floor. Levels are left out from the lowest up, as Grassmann, Taksar and Heyman
//! have it ("Regenerative analysis and steady state distributions for Markov
//! chains", 1985): no step cancels digits, so the mean is right to a part in
//! 10^12, be it 7 calls or 10^300.

/// The heaviest weight of a failure.
pub(super) const MAX_WEIGHT: usize = 127;

/// The mean number of calls up to each level, as the levels rise.
pub(super) struct Chain {
    weight: usize,
    /// The share of calls that fail.
    failures: f64,
    successes: f64,
    /// Where a score that leaves the levels so far arrives: by how much above the
    /// level reached.
    exits: [f64; MAX_WEIGHT + 2],
    /// How likely each of the levels to come is where a new maximum lies.
    maxima: [f64; MAX_WEIGHT + 2],
    /// The mean number of calls until a score leaves the levels so far.
    leaving: f64,
    /// The mean number of calls, from 0, until the score is above them.
    calls: f64,
}

impl Chain {
    /// The chain at level 0. The share is above 0 and at most 1, the weight at
    /// least 1.
    pub(super) const fn new(weight: usize, share: f64) -> Self {
        let mut exits = [0.0; MAX_WEIGHT + 2];
        exits[weight] = 1.0;
        let mut maxima = [0.0; MAX_WEIGHT + 2];
        maxima[weight - 1] = 1.0;
        let calls = 1.0 / share;
        Self {
            weight,
            failures: share,
            successes: 1.0 - share,
            exits,
            maxima,
            leaving: calls,
            calls,
        }
    }

    /// The mean number of calls, from 0, until the score is above the level.
    pub(super) const fn calls(&self) -> f64 {
        self.calls
    }

    /// Goes on to the next level.
    pub(super) const fn rise(&mut self) {
        // From this level a failure leaves for the highest one; a success falls to
        // the levels below, and returns from there here or above.
        let mut above = 0.0;
        let mut at = 2;
        while at <= self.weight {
            above += self.exits[at];
            at += 1;
        }
        let leaves = self.failures + self.successes * above;
        self.leaving = (1.0 + self.successes * self.leaving) / leaves;
        let mut at = 1;
        while at < self.weight {
            self.exits[at] = self.successes * self.exits[at + 1] / leaves;
            at += 1;
        }
        self.exits[self.weight] = self.failures / leaves;

        let here = self.maxima[0];
        self.calls += here * self.leaving;
        let mut at = 0;
        while at < self.weight {
            self.maxima[at] = self.maxima[at + 1] + here * self.exits[at + 1];
            at += 1;
        }
    }
}

/// The mean number of calls from a score of 0 to this threshold.
pub(super) const fn calls_to(threshold: u64, weight: u64, share: f64) -> f64 {
    #[allow(clippy::cast_possible_truncation)] // 7 bits
    let mut chain = Chain::new(weight as usize, share);
    let mut level = 1;
    while level < threshold {
        chain.rise();
        level += 1;
    }
    chain.calls()
}

/// The mean number of calls to so many failures in a row.
pub(super) const fn calls_to_row(failures: u64, share: f64) -> f64 {
    let (mut calls, mut left) = (0.0, failures);
    while left > 0 {
        calls = (calls + 1.0) / share;
        left -= 1;
    }
    calls
}

/// The least threshold to which the mean is no less than `calls`, and `None` where
/// even the largest is too low.
pub(super) const fn threshold_for(calls: f64, weight: u64, share: f64, most: u64) -> Option<u64> {
    #[allow(clippy::cast_possible_truncation)] // 7 bits
    let mut chain = Chain::new(weight as usize, share);
    let mut threshold = 1;
    while chain.calls() < calls {
        if threshold == most {
            return None;
        }
        chain.rise();
        threshold += 1;
    }
    Some(threshold)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) -> bool {
        (found / expected - 1.0).abs() < 1e-9
    }

    #[test]
    fn a_weight_at_the_threshold_is_the_first_failure() {
        for share in [1e-6, 0.1, 1.0] {
            assert!(close(calls_to(1, 1, share), 1.0 / share));
            assert!(close(calls_to(6, 6, share), 1.0 / share));
        }
    }

    /// By hand: from 0 and from 1, with one equation each.
    #[test]
    fn two_levels_by_hand() {
        for p in [0.01, 0.3, 0.9] {
            let q = 1.0 - p;
            assert!(close(calls_to(2, 1, p), (1.0 + p) / (p * p)), "{p}");
            // Weight 2, threshold 3: 0 -> 2 -> 4, and 2 -> 1 -> 3.
            let from_two = (1.0 + q * (1.0 + q / p)) / (1.0 - q * q);
            assert!(close(calls_to(3, 2, p), 1.0 / p + from_two), "{p}");
        }
    }

    #[test]
    fn all_failures_climb_by_the_weight() {
        assert!(close(calls_to(40, 6, 1.0), 7.0));
        assert!(close(calls_to(76, 14, 1.0), 6.0));
        assert!(close(calls_to_row(5, 1.0), 5.0));
        assert!(close(calls_to_row(2, 0.5), 6.0));
    }

    #[test]
    fn the_threshold_is_the_least_that_keeps_the_promise() {
        let threshold = threshold_for(1e9, 14, 0.01, 2_047).unwrap();
        assert!(calls_to(threshold, 14, 0.01) >= 1e9);
        assert!(calls_to(threshold - 1, 14, 0.01) < 1e9);
        assert_eq!(threshold_for(1e9, 14, 0.2, 2_047), None);
    }
}
