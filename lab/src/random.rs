//! Chance, the same for the same seed on every machine: no function of the platform's
//! mathematical library is called.

use rand_xoshiro::{
    Xoshiro256PlusPlus,
    rand_core::{Rng as _, SeedableRng as _},
};

/// A sequence of random numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Random(Xoshiro256PlusPlus);

impl Random {
    /// The sequence of this seed and this stream. The streams of one seed have nothing
    /// to do with each other.
    #[must_use]
    pub fn new(seed: u64, stream: u64) -> Self {
        let mixed = seed ^ stream.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(17);
        Self(Xoshiro256PlusPlus::seed_from_u64(mixed))
    }

    /// 64 bits, each of them by chance.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number from 0 up to, and without, 1.
    #[allow(clippy::cast_precision_loss)] // of 53 bits: exact
    pub fn share(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        // Nothing is drawn where nothing is left to chance.
        probability > 0.0 && (probability >= 1.0 || self.share() < probability)
    }

    /// A number below `bound`; 0 where that is 0.
    #[allow(clippy::cast_possible_truncation)] // below `bound`
    pub fn below(&mut self, bound: usize) -> usize {
        // Lemire's reduction; its bias is below one in 2^64 / bound.
        let product = u128::from(self.0.next_u64()) * bound as u128;
        (product >> 64) as usize
    }

    /// From the exponential distribution of this mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * libm::log(1.0 - self.share())
    }

    /// From the normal distribution of mean 0 and deviation 1 (Box and Muller, 1958).
    pub fn normal(&mut self) -> f64 {
        let (length, angle) = (1.0 - self.share(), self.share());
        libm::sqrt(-2.0 * libm::log(length)) * libm::cos(std::f64::consts::TAU * angle)
    }

    /// From the log-normal distribution whose own mean and deviation these are.
    pub fn log_normal(&mut self, mean: f64, deviation: f64) -> f64 {
        let spread = libm::log(1.0 + deviation * deviation / (mean * mean));
        libm::exp(libm::log(mean) - spread / 2.0 + libm::sqrt(spread) * self.normal())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::cast_precision_loss)]
    fn distributions_have_their_means() {
        let mut random = Random::new(1, 0);
        let n = 200_000;
        let mut mean = |draw: &mut dyn FnMut(&mut Random) -> f64| {
            (0..n).map(|_| draw(&mut random)).sum::<f64>() / f64::from(n)
        };
        assert!((mean(&mut Random::share) - 0.5).abs() < 0.005);
        assert!((mean(&mut |it| it.exponential(3.0)) - 3.0).abs() < 0.05);
        assert!(mean(&mut Random::normal).abs() < 0.01);
        assert!((mean(&mut |it| it.log_normal(0.2, 0.1)) - 0.2).abs() < 0.002);
        assert!((mean(&mut |it| it.below(10) as f64) - 4.5).abs() < 0.05);
        assert!((mean(&mut |it| f64::from(u8::from(it.chance(0.25)))) - 0.25).abs() < 0.005);
    }

    #[test]
    fn streams_of_one_seed_differ_and_repeat() {
        let draw = |seed, stream| {
            let mut random = Random::new(seed, stream);
            [random.share(), random.share()]
        };
        assert_eq!(draw(1, 1).map(f64::to_bits), draw(1, 1).map(f64::to_bits));
        assert_ne!(draw(1, 1).map(f64::to_bits), draw(1, 2).map(f64::to_bits));
        assert_ne!(draw(1, 1).map(f64::to_bits), draw(2, 1).map(f64::to_bits));
    }
}
