use fusebox::{BreakerConfig, CircuitBreaker, Outcome, tower::CircuitBreakerLayer};
use tower::{Service, ServiceBuilder, service_fn};

/// What a server does with a service.
fn serve<S: Service<u32>>(_: S) {}

static SHOP: CircuitBreaker = CircuitBreaker::named("shop", BreakerConfig::new().build());

fn judge(_: Result<&u32, &String>) -> Outcome {
    Outcome::Success
}

fn main() {
    let service = ServiceBuilder::new()
        .layer(CircuitBreakerLayer::judged(&SHOP, judge))
        .service(service_fn(|id: u32| async move { Ok::<_, std::io::Error>(id) }));
    serve(service);
}
