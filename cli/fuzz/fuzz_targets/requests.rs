//! Requests to the server: method, path, host and accepted types, a line each.
//! No answer is an error of the server's own, and only its own hosts get one.
#![no_main]

use std::{path::PathBuf, sync::OnceLock, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{Request, header},
};
use fusebox_cli::{
    alerts::Alerts,
    args::{Serve, Store},
    serve,
};
use fusebox_shm::{Options, SharedRegistry};
use libfuzzer_sys::fuzz_target;
use tower::ServiceExt as _;

/// A panel with two breakers, in a folder that is left behind.
fn router() -> &'static Router {
    static ROUTER: OnceLock<Router> = OnceLock::new();
    ROUTER.get_or_init(|| {
        let folder: PathBuf = tempfile::tempdir().expect("a folder").keep();
        let panel =
            SharedRegistry::<8>::open(folder.join("panel"), Options::new()).expect("a file");
        panel.get_or_default("ai").expect("a slot").force_open();
        panel.get_or_default("quo\"te\\d <b>").expect("a slot");
        let args = Serve {
            listen: ([127, 0, 0, 1], 9898).into(),
            interval: Duration::from_secs(1),
            down_below: 25,
            alerts: Alerts::default(),
            store: Store {
                store: None,
                namespace: "fusebox".into(),
                heartbeat: Duration::from_secs(1),
            },
            fleet_open_above: 25,
        };
        serve::routes(&folder.join("panel"), &args).unwrap_or_else(|it| panic!("{it}"))
    })
}

fuzz_target!(|data: &[u8]| {
    let mut lines = data.split(|&byte| byte == b'\n');
    let mut next = || lines.next().unwrap_or_default();
    let request = Request::builder().method(next()).uri(next());
    let host = next();
    let request = request.header(header::HOST, host).header(header::ACCEPT, next());
    let Ok(request) = request.body(Body::empty()) else { return };

    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let answer = runtime.block_on(router().clone().oneshot(request)).expect("it cannot fail");
    assert!(
        matches!(answer.status().as_u16(), 200 | 404 | 405 | 421 | 503),
        "{} for {:?}",
        answer.status(),
        String::from_utf8_lossy(data)
    );
    // Whatever a parser makes of a host, it is one of these, or not answered.
    let own = host.to_ascii_lowercase();
    let own = String::from_utf8_lossy(&own);
    if answer.status() != 421 {
        assert!(
            own.contains("localhost")
                || own.contains("127.")
                || own.contains("::1")
                || own.contains("[0"),
            "{own}"
        );
    }
    assert_eq!(answer.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
});
