//! `/health`: whether the program behind the panel does well.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tokio::sync::watch;

use crate::{
    json,
    overview::Told,
    serve::latest::{Latest, Status},
};

#[derive(Serialize)]
struct Health<'a> {
    status: Status,
    score: Option<u8>,
    /// Why the file cannot be read.
    problem: &'a Option<String>,
    /// How many breakers are in each state.
    breakers: BTreeMap<String, usize>,
    /// How many of the closed ones admit a share of the calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    admit_a_share: Option<usize>,
    alerts: &'a [Told],
    /// Apart from all else: nothing of it makes this program ill.
    #[serde(skip_serializing_if = "Option::is_none")]
    fleet: Option<Fleet<'a>>,
}

#[derive(Serialize)]
struct Fleet<'a> {
    /// Why the store cannot be read.
    problem: &'a Option<String>,
    /// The instances that are alive.
    instances: usize,
    alerts: &'a [Told],
}

/// 200 while the program answers, well or with fallbacks; 503 when it does not.
pub(super) async fn get(State(latest): State<watch::Receiver<Arc<Latest>>>) -> Response {
    let latest = Arc::clone(&latest.borrow());
    let code = match latest.status {
        // Degraded is what breakers are for: whoever restarted the program, or
        // sent its users elsewhere, would make things worse.
        Status::Ok | Status::Degraded => StatusCode::OK,
        Status::Down => StatusCode::SERVICE_UNAVAILABLE,
    };
    let mut breakers = BTreeMap::new();
    for row in &latest.overview.rows {
        *breakers.entry(row.reading.snapshot.state.to_string()).or_default() += 1;
    }
    let share = latest.overview.rows.iter().filter(|row| row.reading.admits_a_share()).count();
    let health = Health {
        status: latest.status,
        score: latest.overview.score,
        problem: &latest.problem,
        breakers,
        admit_a_share: (share > 0).then_some(share),
        alerts: &latest.overview.alerts,
        fleet: latest.fleet.as_deref().map(|it| Fleet {
            problem: &it.problem,
            instances: it.view.instances.len(),
            alerts: &it.alerts,
        }),
    };
    let body = json::pretty(&health) + "\n";
    (code, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
