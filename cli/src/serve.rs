//! `serve`: the panel over HTTP, to look at only.

mod fleet_metrics;
mod guard;
mod health;
mod history;
mod history_json;
mod latest;
mod limit_metrics;
mod map_json;
mod metrics;
mod page;
mod panel_json;
mod pressure_metrics;
mod trial_metrics;

use std::{
    io::{self, Write as _},
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::Duration,
};

use axum::{Router, middleware, routing::get};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::watch,
    time::{self, MissedTickBehavior},
};

use crate::{
    args::Serve,
    failure::{Failure, say},
    serve::{
        guard::Hosts,
        latest::{Latest, Sampler},
    },
};

/// Serves the panel until it is interrupted or terminated.
///
/// # Errors
/// [`Failure`] when there is no such panel, or the address is not to be had.
pub fn run(panel: &Path, serve: &Serve) -> Result<(), Failure> {
    let sampler = Sampler::start(panel, serve)?;
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::because(format!("cannot start the server: {error}")))?
        .block_on(listen(sampler, serve))
}

async fn listen(mut sampler: Sampler, serve: &Serve) -> Result<(), Failure> {
    // Before anybody can know that we are here, and tell us to end.
    let told = told_to_end()
        .map_err(|error| Failure::because(format!("cannot listen to signals: {error}")))?;
    let asked = serve.listen;
    let cannot =
        |error| Failure::because(format!("cannot listen on {asked}: {error}; see --listen"));
    let listener = TcpListener::bind(asked).await.map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    if !address.ip().is_loopback() {
        say(&format!(
            "warning: whoever reaches {address} can look at this panel: nobody is asked for a \
             password"
        ));
    }
    // Said to whoever listens; a service may have closed its output.
    let mut out = io::stdout();
    let _ = writeln!(out, "serving http://{address}/").and_then(|()| out.flush());

    let (send, latest) = watch::channel(Arc::new(sampler.sample()));
    let sampling = async {
        let mut ticks = time::interval(serve.interval);
        // Each reading is of its own time; a late one is not made up for.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            send.send_replace(Arc::new(sampler.sample()));
        }
    };
    let serving =
        axum::serve(listener, router(latest, address)).with_graceful_shutdown(until(told.clone()));
    let grace = async {
        until(told).await;
        time::sleep(GRACE).await;
    };
    tokio::select! {
        ended = serving => ended.map_err(|error| Failure::because(format!("cannot serve: {error}"))),
        () = sampling => Ok(()),
        () = grace => Ok(()),
    }
}

/// A client that holds its connection does not hold up the end for longer.
const GRACE: Duration = Duration::from_secs(2);

/// The same routes over one reading of the panel, which grows old: for a test
/// that needs no server.
///
/// # Errors
/// [`Failure`] when there is no such panel.
pub fn routes(panel: &Path, serve: &Serve) -> Result<Router, Failure> {
    let latest = Arc::new(Sampler::start(panel, serve)?.sample());
    Ok(router(watch::channel(latest).1, serve.listen))
}

/// Everything that is served.
fn router(latest: watch::Receiver<Arc<Latest>>, address: SocketAddr) -> Router {
    Router::new()
        .route("/", get(page::get))
        .route("/health", get(health::get))
        .route("/history.json", get(history_json::get))
        .route("/metrics", get(metrics::get))
        .route("/panel.json", get(panel_json::get))
        .route("/map.json", get(map_json::get))
        .with_state(latest)
        .layer(middleware::from_fn_with_state(Hosts::of(address), guard::host))
        // The last one is the outermost: no answer goes without them.
        .layer(middleware::map_response(guard::headers))
}

/// Turns true when the process is told to end.
fn told_to_end() -> io::Result<watch::Receiver<bool>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let (send, told) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        send.send_replace(true);
    });
    Ok(told)
}

async fn until(mut told: watch::Receiver<bool>) {
    // It fails when the task above has gone, which ends by telling.
    let _ = told.wait_for(|told| *told).await;
}
