//! A host's pressure as an attribute.

use std::time::Duration;

use fusebox_attributes::{AiError, Counter};
use resilience::{
    LimitKind, Pressure, PressureConfig, PressureReading, Priority, resilient, with_pressure,
};

/// A reading holds for longer than any test runs.
static HOST: Pressure =
    Pressure::new(PressureConfig::new().stale_after(Duration::from_hours(1)).build());
const BUSY: PressureReading = PressureReading { cpu: 1000, ..PressureReading::CALM };

#[with_pressure(HOST)]
fn report(counter: &Counter) -> Result<u32, AiError> {
    Ok(counter.next())
}

#[resilient(
    pressure = crate::HOST,
    circuit_breaker("pressed", failure_threshold = 1),
    retry(base_delay = "1ms")
)]
async fn digest(counter: &Counter) -> Result<u32, AiError> {
    tokio::task::yield_now().await;
    Ok(counter.next())
}

#[tokio::test]
async fn o4_a_function_is_not_run_for_background_work() {
    let counter = Counter::default();
    HOST.set(BUSY);
    assert_eq!((report(&counter), digest(&counter).await), (Ok(1), Ok(2)));
    let away = {
        let _scope = Priority::BACKGROUND.enter();
        report(&counter)
    };
    for answer in [away, Priority::BACKGROUND.scope(digest(&counter)).await] {
        let Err(AiError::Rejected(rejected)) = answer else { panic!("{answer:?}") };
        assert_eq!(rejected.limit(), Some(LimitKind::Pressure));
    }
    assert_eq!(counter.count(), 2);
    HOST.set(PressureReading::CALM);
    assert_eq!(Priority::BACKGROUND.scope(digest(&counter)).await, Ok(3));
}
