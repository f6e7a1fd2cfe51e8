//! What keeps other people's pages out.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

/// The hosts under whose names a request may come.
#[derive(Debug, Clone, Copy)]
pub(super) enum Hosts {
    /// This machine's own. A page from elsewhere, whose name its owner lets
    /// point here after it was loaded (DNS rebinding), comes under that name.
    Own,
    /// Whatever leads here.
    Any,
}

impl Hosts {
    pub(super) fn of(address: SocketAddr) -> Self {
        if address.ip().is_loopback() { Self::Own } else { Self::Any }
    }

    fn allow(self, host: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Own => host.parse().is_ok_and(|authority: Authority| is_own(authority.host())),
        }
    }
}

fn is_own(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let host = host.to_ascii_lowercase();
    host == "localhost"
        || host.ends_with(".localhost")
        || address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// Turns away requests for other hosts. Browsers always say for which one they
/// are; a simple client that says nothing cannot have been misled.
pub(super) async fn host(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    let said = request.headers().get_all(header::HOST);
    if said.iter().all(|host| host.to_str().is_ok_and(|host| hosts.allow(host))) {
        next.run(request).await
    } else {
        let text = "this server answers to localhost only: see --listen\n";
        (StatusCode::MISDIRECTED_REQUEST, text).into_response()
    }
}

const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

/// Adds what every answer carries.
pub(super) async fn headers(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, value);
    }
    // The page has a policy that lets its own parts in; the others need nothing.
    response
        .headers_mut()
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    response
}
