use fusebox::{Retry, RetryConfig, tower::RetryPolicy};
use tower::{Service, ServiceBuilder, service_fn};

/// What a server does with a service.
fn serve<S: Service<Upload>>(_: S) {}

struct Upload;

fn main() {
    let policy = RetryPolicy::new(Retry::new(RetryConfig::new().build()));
    let service = ServiceBuilder::new()
        .retry(policy)
        .service(service_fn(|_: Upload| async { Ok::<_, std::io::Error>(1) }));
    serve(service);
}
