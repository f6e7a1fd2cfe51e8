//! The evidence that two arms differ, as the logarithm of a ratio of likelihoods.

use super::sample::Sample;

/// How much better two shares explain the arms than one does: the likelihood of the arms,
/// averaged over both shares by Jeffreys' prior, divided by that of the best single share.
/// Order does not matter, as no combination stands in it.
pub(super) fn log_evidence(a: Sample, b: Sample) -> f64 {
    let requests = a.requests().saturating_add(b.requests());
    let unanswered = a.unanswered().saturating_add(b.unanswered());
    log_average(a) + log_average(b) - log_best(requests, unanswered)
}

/// The logarithm of the likelihood, averaged by a Beta(1/2, 1/2).
#[allow(clippy::cast_precision_loss)] // counts
fn log_average(sample: Sample) -> f64 {
    let bad = sample.unanswered() as f64;
    let good = (sample.requests() - sample.unanswered()) as f64;
    log_beta(bad + 0.5, good + 0.5) - core::f64::consts::PI.ln()
}

/// The logarithm of the likelihood at the share for which it is the largest.
#[allow(clippy::cast_precision_loss)] // counts
fn log_best(requests: u64, unanswered: u64) -> f64 {
    let part = |many: u64| match many {
        0 => 0.0,
        _ => many as f64 * (many as f64 / requests as f64).ln(),
    };
    part(unanswered) + part(requests - unanswered)
}

fn log_beta(one: f64, other: f64) -> f64 {
    log_gamma(one) + log_gamma(other) - log_gamma(one + other)
}

/// Stirling's series, for a number that is large enough: the recurrence makes it so.
fn log_gamma(mut number: f64) -> f64 {
    let mut less = 0.0;
    while number < 16.0 {
        less += number.ln();
        number += 1.0;
    }
    let (inverse, half_log_two_pi) = (1.0 / number, 0.918_938_533_204_672_8);
    let square = inverse * inverse;
    let series = inverse
        * (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1_260.0 - square / 1_680.0)));
    (number - 0.5) * number.ln() - number + half_log_two_pi + series - less
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_logarithm_of_gamma_is_that_of_factorials() {
        let mut sum = 0.0_f64;
        for number in 1..200_u32 {
            let of_it = log_gamma(f64::from(number));
            assert!((of_it - sum).abs() < 1e-10 * sum.max(1.0), "{number}: {of_it}, not {sum}");
            sum += f64::from(number).ln();
        }
        let half = core::f64::consts::PI.sqrt().ln();
        assert!((log_gamma(0.5) - half).abs() < 1e-12);
    }

    proptest! {
        /// For any one share the evidence is at most the ratio with that share's
        /// likelihood, whose mean over all samples is 1. So its own mean is at most 1:
        /// here for all samples of a few requests.
        #[test]
        fn its_mean_is_at_most_one_where_the_arms_do_not_differ(
            of_a in 0..12_u64, of_b in 0..12_u64, share in 0.0..=1.0_f64,
        ) {
            let choose = |n: u64, k: u64| (0..k).fold(1.0, |it, i| {
                #[allow(clippy::cast_precision_loss)] // small numbers
                let factor = (n - i) as f64 / (i + 1) as f64;
                it * factor
            });
            let chance = |n: u64, k: u64| {
                let power = |base: f64, times: u64| (0..times).fold(1.0, |it, _| it * base);
                choose(n, k) * power(share, k) * power(1.0 - share, n - k)
            };
            let mut mean = 0.0;
            for bad_a in 0..=of_a {
                for bad_b in 0..=of_b {
                    let (a, b) = (Sample::new(of_a, bad_a), Sample::new(of_b, bad_b));
                    let evidence = log_evidence(a.unwrap(), b.unwrap()).exp();
                    mean += chance(of_a, bad_a) * chance(of_b, bad_b) * evidence;
                }
            }
            prop_assert!(mean <= 1.0 + 1e-9, "{mean}");
        }
    }
}
