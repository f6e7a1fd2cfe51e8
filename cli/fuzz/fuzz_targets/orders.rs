//! Orders of an operator: no bytes panic, what is read is written as it was, nothing that is
//! shown moves a terminal, and nobody without the key has signed it.
#![no_main]

use std::time::Duration;

use fusebox_fleet::{FleetConfig, OrderKey, Orders, SignedOrder};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let key = OrderKey::new([7; 32]).expect("it is long enough");
    let config = FleetConfig::new("host-0").order_key(key.clone()).build().expect("it is legal");
    // Such bytes as are an order, as well.
    for bytes in [bytes.to_vec(), [b"fbo\x01", bytes].concat()] {
        if let Ok(order) = SignedOrder::decode(&bytes) {
            assert_eq!(order.encode(), bytes);
            assert!(!order.order().to_string().contains(char::is_control));
            assert!(!order.is_signed_by("fusebox", &key));
        }
        let heard = Orders::new(&config).hear(&bytes, Duration::from_hours(500_000));
        assert!(heard.is_err());
    }
});
