//! `/`: the page, and the policy that lets only its own parts in.

use std::hash::{BuildHasher as _, RandomState};

use axum::{
    http::header,
    response::{Html, IntoResponse, Response},
};

const PAGE: &str = include_str!("page.html");

/// In the page it stands where the nonce goes.
const NONCE: &str = "{nonce}";

pub(super) async fn get() -> Response {
    // Of random keys, which the standard library draws for each process and
    // changes with each use.
    let nonce = format!("{:016x}", RandomState::new().hash_one(PAGE.len()));
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; \
         connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    let headers = [(header::CONTENT_SECURITY_POLICY, policy)];
    (headers, Html(PAGE.replace(NONCE, &nonce))).into_response()
}
