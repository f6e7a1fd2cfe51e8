//! What orders are signed with.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// What orders are signed with, by HMAC-SHA256. It is kept where operators and instances
/// can read it, and never in the store: whoever can write there gives no orders by that.
///
/// ```
/// use fusebox_fleet::OrderKey;
///
/// let key = OrderKey::new(b"from a file of 32 random bytes..")?;
/// assert_eq!(format!("{key:?}"), "OrderKey(..)");
/// assert!(OrderKey::new(b"too short").is_err());
/// # Ok::<(), fusebox_fleet::OrderKeyError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct OrderKey(Vec<u8>);

/// A key is too short, or too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderKeyError {
    /// How many bytes it has.
    pub length: usize,
}

impl OrderKey {
    /// The fewest bytes of a key.
    pub const SHORTEST: usize = 16;
    /// The most bytes of a key.
    pub const LONGEST: usize = 1_024;

    /// A key of these bytes, from 16 to 1024 of them. Draw them at random: a word that
    /// somebody can think of, somebody can guess. Ends of lines at its end are no part of
    /// it: a file of one line is read as that line.
    ///
    /// # Errors
    /// [`OrderKeyError`] where there are fewer or more.
    pub fn new(bytes: impl AsRef<[u8]>) -> Result<Self, OrderKeyError> {
        let mut bytes = bytes.as_ref();
        while let [rest @ .., b'\n' | b'\r'] = bytes {
            bytes = rest;
        }
        if (Self::SHORTEST..=Self::LONGEST).contains(&bytes.len()) {
            Ok(Self(bytes.to_vec()))
        } else {
            Err(OrderKeyError { length: bytes.len() })
        }
    }

    pub(crate) fn sign(&self, namespace: &str, body: &[u8]) -> [u8; 32] {
        self.over(namespace, body).finalize().into_bytes().into()
    }

    /// It takes the same time, whatever differs.
    pub(crate) fn has_signed(&self, namespace: &str, body: &[u8], signature: &[u8; 32]) -> bool {
        self.over(namespace, body).verify_slice(signature).is_ok()
    }

    /// The namespace with its length before it: no two pairs of namespace and body are the
    /// same bytes.
    #[allow(clippy::expect_used)]
    fn over(&self, namespace: &str, body: &[u8]) -> Hmac<Sha256> {
        let mut hmac = Hmac::<Sha256>::new_from_slice(&self.0).expect("any length is a key");
        hmac.update(&(namespace.len() as u64).to_le_bytes());
        hmac.update(namespace.as_bytes());
        hmac.update(body);
        hmac
    }
}

/// Without the key.
impl fmt::Debug for OrderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OrderKey(..)")
    }
}

impl fmt::Display for OrderKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (least, most) = (OrderKey::SHORTEST, OrderKey::LONGEST);
        write!(f, "the key has {} bytes, and must have from {least} to {most}", self.length)
    }
}

impl std::error::Error for OrderKeyError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Python's `hmac` computes it.
    #[test]
    fn it_is_the_hmac_of_everybody() {
        let expected = [
            0xdb, 0x21, 0x5c, 0x78, 0xbb, 0x2c, 0x49, 0x05, 0xae, 0xe4, 0xf9, 0x38, 0x12, 0xb8,
            0x4e, 0x75, 0xb5, 0x49, 0xdf, 0x0c, 0xcd, 0x92, 0x6b, 0x55, 0x31, 0x71, 0x24, 0x17,
            0x44, 0x1c, 0x21, 0xba,
        ];
        assert_eq!(OrderKey::new([7; 16]).unwrap().sign("shop", b"-order"), expected);
    }

    #[test]
    fn namespace_and_body_are_told_apart() {
        let key = OrderKey::new([7; 16]).unwrap();
        let signature = key.sign("shop", b"-order");
        assert!(key.has_signed("shop", b"-order", &signature));
        assert!(!key.has_signed("shop-", b"order", &signature));
        let line =
            OrderKey::new(b"\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\r\n");
        assert!(line.unwrap().has_signed("shop", b"-order", &signature));
        assert!(!OrderKey::new([8; 16]).unwrap().has_signed("shop", b"-order", &signature));
    }
}
