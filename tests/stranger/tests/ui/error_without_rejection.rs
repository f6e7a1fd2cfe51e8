use fusebox::{BreakerConfig, CircuitBreaker, tower::CircuitBreakerLayer};
use tower::{Service, ServiceBuilder, service_fn};

/// What a server does with a service.
fn serve<S: Service<u32>>(_: S) {}

static SHOP: CircuitBreaker = CircuitBreaker::named("shop", BreakerConfig::new().build());

#[derive(Debug)]
struct Own;

fn main() {
    let service = ServiceBuilder::new()
        .layer(CircuitBreakerLayer::new(&SHOP).own_errors())
        .service(service_fn(|id: u32| async move { Err::<u32, _>(Own) }));
    serve(service);
}
