//! Limits of calls in flight that are found out: L6.
#![allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss)] // virtual time

mod service;

use fusebox::{AdaptiveConfig, DefaultObserver};
use service::{Limit, Micros, Service};

#[test]
fn trace() {
    for (workers, micros, varies) in [
        (5, 50_000.0, true),
        (5, 50_000.0, false),
        (50, 50_000.0, true),
        (500, 50_000.0, true),
        (500, 5_000.0, true),
    ] {
        let clock = Micros::default();
        let limit: Limit<'_> =
            Limit::with(None, AdaptiveConfig::new().build(), &clock, DefaultObserver);
        let mut service = Service::new(&limit, &clock, workers);
        service.micros = micros;
        service.varies = varies;
        print!("{workers} {varies}: ");
        for w in 0..90 {
            service.run(1_000_000);
            if w == 39 {
                service.workers /= 2;
                print!(" HALF ");
            }
            if w == 59 {
                service.workers = workers;
                print!(" DOUBLE ");
            }
            print!("{} ", limit.limit().unwrap());
        }
        println!(" base {:?} clock {}", limit.baseline(), clock.get());
    }
}
