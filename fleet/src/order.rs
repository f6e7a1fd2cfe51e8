//! What an operator orders of the whole fleet, as bytes with a signature.
//!
//! An order comes from a store that others may write to, so each byte of it is doubted.
//! Layout, little-endian: the mark `fbo`, a version, what (1 byte), when and until when
//! (8 bytes each, milliseconds since 1970), the length of the breaker's name and the name,
//! that of who orders it and the text, that of the settings (2 bytes) and the text, and
//! the signature (32 bytes).

use std::{
    fmt,
    time::{Duration, UNIX_EPOCH},
};

use fusebox::Name;

use crate::{
    bytes::Bytes,
    order_error::{OrderError, VERSION},
    order_key::OrderKey,
};

const MARK: &[u8; 3] = b"fbo";
/// The year 10000, in milliseconds since 1970: nothing is as late.
const NEVER: u64 = 253_402_300_800_000;

/// What an operator orders of the whole fleet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Of which breaker.
    pub breaker: Name,
    /// What is to be done to it.
    pub what: What,
    /// Who orders it, in 1 to 64 bytes without control characters, as `alice@bastion`.
    pub who: String,
    /// When, since the beginning of 1970 in UTC, in whole milliseconds.
    pub at: Duration,
    /// Until when it holds, counted likewise: later than `at`, and by a week at most.
    pub until: Duration,
}

/// What is to be done to a breaker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It is opened by force, and closed when the order ends.
    Isolate,
    /// It is closed.
    Close,
    /// These settings change, and change back when the order ends: `KEY=NUMBER` with the
    /// keys and the units of JSON, spaces between them, in 1 to 512 bytes, as
    /// `failure_threshold=3 recovery_timeout_ms=10000`.
    Set(String),
}

/// An order with its signature, true or false.
///
/// ```
/// use std::time::Duration;
/// use fusebox::Name;
/// use fusebox_fleet::{Order, OrderKey, SignedOrder, What};
///
/// let key = OrderKey::new(b"from a file of 32 random bytes..")?;
/// let now = Duration::from_secs(1_800_000_000);
/// let order = Order {
///     breaker: Name::new("shop"),
///     what: What::Isolate,
///     who: "alice@bastion".into(),
///     at: now,
///     until: now + Duration::from_secs(3_600),
/// };
/// let signed = SignedOrder::sign(order, "shop-production", &key)?;
/// let read = SignedOrder::decode(&signed.encode())?;
/// assert!(read.is_signed_by("shop-production", &key));
/// assert!(!read.is_signed_by("shop-staging", &key));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedOrder {
    order: Order,
    signature: [u8; 32],
}

impl Order {
    /// The longest that an order holds: a week.
    pub const LONGEST: Duration = Duration::from_hours(7 * 24);
    /// The most bytes of whoever orders it.
    pub const LONGEST_WHO: usize = 64;
    /// The most bytes of settings.
    pub const LONGEST_SETTINGS: usize = 512;

    fn check(&self) -> Result<(), OrderError> {
        let (settings, least) = self.settings();
        let texts = [
            ("who", self.who.as_str(), 1, Self::LONGEST_WHO),
            ("what", settings, least, Self::LONGEST_SETTINGS),
        ];
        for (field, text, least, most) in texts {
            if !(least..=most).contains(&text.len()) || text.contains(char::is_control) {
                return Err(OrderError::Text { field, most });
            }
        }
        let holds = self.until.checked_sub(self.at).unwrap_or_default();
        if holds.is_zero() || holds > Self::LONGEST || millis(self.until) >= NEVER {
            return Err(OrderError::Times);
        }
        Ok(())
    }

    /// The settings, and how many bytes they have at least.
    fn settings(&self) -> (&str, usize) {
        match &self.what {
            What::Set(settings) => (settings, 1),
            What::Isolate | What::Close => ("", 0),
        }
    }

    /// What it is about: the last order of each subject holds. The state of a breaker and
    /// its settings are two.
    #[must_use]
    pub fn subject(&self) -> String {
        match self.what {
            What::Set(_) => format!("settings:{}", self.breaker),
            What::Isolate | What::Close => format!("state:{}", self.breaker),
        }
    }

    fn body(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(128);
        bytes.extend_from_slice(MARK);
        bytes.push(VERSION);
        bytes.push(match self.what {
            What::Isolate => 0,
            What::Close => 1,
            What::Set(_) => 2,
        });
        for time in [self.at, self.until] {
            bytes.extend_from_slice(&millis(time).to_le_bytes());
        }
        let (settings, _) = self.settings();
        for text in [self.breaker.as_str(), &self.who] {
            // They were checked.
            bytes.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
            bytes.extend_from_slice(text.as_bytes());
        }
        let length = u16::try_from(settings.len()).unwrap_or(u16::MAX);
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(settings.as_bytes());
        bytes
    }
}

impl SignedOrder {
    /// The longest one, in bytes: its fields, each at its longest.
    pub const LONGEST: usize =
        5 + 16 + (1 + 64) + (1 + Order::LONGEST_WHO) + (2 + Order::LONGEST_SETTINGS) + 32;

    /// Signs an order for the fleet of this namespace.
    ///
    /// # Errors
    /// [`OrderError::Text`] and [`OrderError::Times`] where a field is out of its range.
    pub fn sign(mut order: Order, namespace: &str, key: &OrderKey) -> Result<Self, OrderError> {
        for time in [&mut order.at, &mut order.until] {
            *time = Duration::from_millis(millis(*time));
        }
        order.check()?;
        Ok(Self { signature: key.sign(namespace, &order.body()), order })
    }

    /// The order as bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = self.order.body();
        bytes.extend_from_slice(&self.signature);
        bytes
    }

    /// Reads an order. That its bytes are one says nothing of who wrote them.
    ///
    /// # Errors
    /// [`OrderError`] where the bytes are none.
    pub fn decode(bytes: &[u8]) -> Result<Self, OrderError> {
        let mut from = Bytes::new(bytes);
        if from.take(MARK.len()) != Ok(MARK) {
            return Err(OrderError::Foreign);
        }
        match from.byte()? {
            VERSION => {}
            version => return Err(OrderError::Version { version }),
        }
        let code = from.byte()?;
        let at = Duration::from_millis(u64::from_le_bytes(from.array()?));
        let until = Duration::from_millis(u64::from_le_bytes(from.array()?));
        let garbled = from.garbled();
        let breaker = Name::try_new(from.short_text()?).map_err(|_| garbled)?;
        let who = from.short_text()?.to_owned();
        let length = u16::from_le_bytes(from.array()?);
        let garbled = from.garbled();
        let what = match (code, from.text(length.into())?) {
            (0, "") => What::Isolate,
            (1, "") => What::Close,
            (2, settings) => What::Set(settings.to_owned()),
            _ => return Err(garbled.into()),
        };
        let signature = from.array()?;
        from.end()?;
        let order = Order { breaker, what, who, at, until };
        order.check()?;
        Ok(Self { order, signature })
    }

    /// The order.
    #[must_use]
    pub const fn order(&self) -> &Order {
        &self.order
    }

    /// Whether it was signed with this key, for the fleet of this namespace.
    #[must_use]
    pub fn is_signed_by(&self, namespace: &str, key: &OrderKey) -> bool {
        key.has_signed(namespace, &self.order.body(), &self.signature)
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The line of an audit: when, who, what, until when.
impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A year of four digits is all that can be shown.
        let time = |time: Duration| {
            let time = Duration::from_millis(millis(time).min(NEVER - 1));
            humantime::format_rfc3339_millis(UNIX_EPOCH + time)
        };
        let (at, until) = (time(self.at), time(self.until));
        let Self { breaker, what, who, .. } = self;
        // Others may have chosen it: what a terminal would obey is escaped.
        let who = who.escape_debug();
        match what {
            What::Isolate => write!(f, "{at} {who}: isolate {breaker} until {until}"),
            What::Close => write!(f, "{at} {who}: close {breaker} until {until}"),
            What::Set(settings) => {
                write!(f, "{at} {who}: set {breaker} {} until {until}", settings.escape_debug())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAMESPACE: &str = "shop-production";

    fn key() -> OrderKey {
        OrderKey::new([7; 32]).unwrap()
    }

    fn orders() -> impl Strategy<Value = Order> {
        let what = prop_oneof![
            Just(What::Isolate),
            Just(What::Close),
            "[a-z_=0-9 é]{1,200}".prop_map(What::Set)
        ];
        ("[a-zé ]{1,20}", what, "[a-zé@]{1,20}", 0..NEVER / 2, 1..=604_800_000u64).prop_map(
            |(name, what, who, at, holds)| Order {
                breaker: Name::try_new(&name).unwrap(),
                what,
                who,
                at: Duration::from_millis(at),
                until: Duration::from_millis(at + holds),
            },
        )
    }

    proptest! {
        #[test]
        fn an_order_is_read_as_it_was_signed(order in orders()) {
            let signed = SignedOrder::sign(order, NAMESPACE, &key()).unwrap();
            let read = SignedOrder::decode(&signed.encode()).unwrap();
            prop_assert!(read.is_signed_by(NAMESPACE, &key()));
            prop_assert!(!read.is_signed_by("shop-staging", &key()));
            prop_assert!(!read.is_signed_by(NAMESPACE, &OrderKey::new([8; 32]).unwrap()));
            prop_assert_eq!(read, signed);
        }

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>, mut head in Just(b"fbo\x01".to_vec())) {
            let _ = SignedOrder::decode(&bytes);
            head.extend(bytes);
            if let Ok(read) = SignedOrder::decode(&head) {
                prop_assert!(!read.order().to_string().contains(char::is_control));
            }
        }

        /// No byte of an order can be another one.
        #[test]
        fn a_bit_that_is_flipped_is_found(order in orders(), at: prop::sample::Index, bit in 0..8u8) {
            let mut bytes = SignedOrder::sign(order, NAMESPACE, &key()).unwrap().encode();
            let at = at.index(bytes.len());
            bytes[at] ^= 1u8 << bit;
            let is_true = |it: SignedOrder| it.is_signed_by(NAMESPACE, &key());
            prop_assert!(!SignedOrder::decode(&bytes).is_ok_and(is_true));
        }

        /// An order that lost its end, or gained one, is none.
        #[test]
        fn an_order_of_another_length_is_none(order in orders(), cut in 1..200usize, more: u8) {
            let mut bytes = SignedOrder::sign(order, NAMESPACE, &key()).unwrap().encode();
            prop_assert!(SignedOrder::decode(&bytes[..bytes.len().saturating_sub(cut)]).is_err());
            bytes.push(more);
            prop_assert!(SignedOrder::decode(&bytes).is_err());
        }
    }

    fn order() -> Order {
        Order {
            breaker: Name::new("shop"),
            what: What::Set("probes=2".into()),
            who: "alice@bastion".into(),
            at: Duration::from_hours(500_000),
            until: Duration::from_hours(500_001),
        }
    }

    #[test]
    fn an_order_out_of_its_ranges_is_not_signed() {
        let error = |order| SignedOrder::sign(order, NAMESPACE, &key()).unwrap_err();
        let at = order().at;
        assert_eq!(error(Order { until: at, ..order() }), OrderError::Times);
        let until = at + Order::LONGEST + Duration::from_millis(1);
        assert_eq!(error(Order { until, ..order() }), OrderError::Times);
        let far = Duration::from_millis(NEVER);
        assert_eq!(
            error(Order { at: far.checked_sub(at).unwrap(), until: far, ..order() }),
            OrderError::Times
        );
        for who in ["", "a\nb", &"a".repeat(65)] {
            let text = OrderError::Text { field: "who", most: 64 };
            assert_eq!(error(Order { who: who.into(), ..order() }), text);
        }
        for settings in [String::new(), "a".repeat(513)] {
            let text = OrderError::Text { field: "what", most: 512 };
            assert_eq!(error(Order { what: What::Set(settings), ..order() }), text);
        }
    }

    #[test]
    fn its_line_says_when_who_what_and_until_when() {
        assert_eq!(
            order().to_string(),
            "2027-01-15T08:00:00.000Z alice@bastion: set shop probes=2 until \
             2027-01-15T09:00:00.000Z"
        );
    }

    #[test]
    fn errors_say_what_is_wrong() {
        let text = |bytes: &[u8]| SignedOrder::decode(bytes).unwrap_err().to_string();
        assert_eq!(text(b"hello"), "these bytes are no order of fusebox's");
        assert_eq!(text(b"fbo\x07"), "the order has version 7, and this program knows 1");
        assert_eq!(text(b"fbo\x01\x01"), "the order is garbled at byte 5");
    }
}
