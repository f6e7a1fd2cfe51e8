//! Errors summed up by a code, in a fixed place.

use core::fmt;

/// Which codes came most often, and how often: "412 × timeout, 31 × 503".
///
/// It has room for `N` codes and allocates nothing. This is the algorithm of Misra
/// and Gries ("Finding repeated elements", 1982): a code that made up more than one
/// in `N + 1` of all is there, and its count is too low by at most
/// [`missed`](Self::missed). As long as there are no more than `N` codes, all counts
/// are exact.
///
/// ```
/// use fusebox::Summary;
///
/// let mut errors = Summary::<&str, 4>::new();
/// for _ in 0..412 {
///     errors.add("timeout");
/// }
/// for _ in 0..31 {
///     errors.add("503");
/// }
/// assert_eq!(errors.to_string(), "412 × timeout, 31 × 503");
/// assert_eq!(errors.total(), 443);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Summary<K, const N: usize = 8> {
    counts: [Option<(K, u64)>; N],
    total: u64,
    missed: u64,
}

impl<K: Copy + Eq, const N: usize> Summary<K, N> {
    /// Makes an empty summary.
    #[must_use]
    pub const fn new() -> Self {
        Self { counts: [None; N], total: 0, missed: 0 }
    }

    /// Adds one of this code.
    pub fn add(&mut self, code: K) {
        self.total += 1;
        if let Some((_, count)) = self.counts.iter_mut().flatten().find(|(own, _)| *own == code) {
            *count += 1;
        } else if let Some(free) = self.counts.iter_mut().find(|entry| entry.is_none()) {
            *free = Some((code, 1));
        } else {
            // It and one of each other go.
            self.missed += 1;
            for entry in &mut self.counts {
                *entry = entry.and_then(|(own, count)| (count > 1).then_some((own, count - 1)));
            }
        }
    }

    /// Returns how many were added.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// Returns by how much any of the counts may be too low.
    #[must_use]
    pub const fn missed(&self) -> u64 {
        self.missed
    }

    /// Iterates over the codes with their counts, the largest first.
    pub fn iter(&self) -> impl Iterator<Item = (K, u64)> + '_ {
        let mut counts = self.counts;
        counts.sort_unstable_by_key(|entry| core::cmp::Reverse(entry.map_or(0, |(_, n)| n)));
        counts.into_iter().flatten()
    }
}

impl<K: Copy + Eq, const N: usize> Default for Summary<K, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Copy + Eq, const N: usize> Extend<K> for Summary<K, N> {
    fn extend<I: IntoIterator<Item = K>>(&mut self, codes: I) {
        codes.into_iter().for_each(|code| self.add(code));
    }
}

/// Writes the counts, and how many are of no code that is known.
impl<K: Copy + Eq + fmt::Display, const N: usize> fmt::Display for Summary<K, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut known, mut comma) = (0, "");
        for (code, count) in self.iter() {
            write!(f, "{comma}{count} × {code}")?;
            known += count;
            comma = ", ";
        }
        match self.total - known {
            0 => Ok(()),
            others => write!(f, "{comma}{others} others"),
        }
    }
}
