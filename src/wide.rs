//! Products of 128 bits.

/// The product of two numbers.
///
/// Where a machine multiplies 64 bits at once this is an instruction or two.
/// Elsewhere it is a hundred bytes of code, and stands in the program once.
#[cfg_attr(target_pointer_width = "64", inline)]
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
pub(crate) const fn product(a: u64, b: u64) -> u128 {
    a as u128 * b as u128
}

/// The product of two numbers, in units of 2^64.
#[inline]
#[allow(clippy::cast_possible_truncation)] // the high half
pub(crate) const fn high(a: u64, b: u64) -> u64 {
    (product(a, b) >> u64::BITS) as u64
}
