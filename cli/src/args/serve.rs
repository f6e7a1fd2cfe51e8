//! What `serve` takes.

use std::{net::SocketAddr, time::Duration};

use clap::Args;

use super::{Store, interval};
use crate::alerts::{self, Alerts};

/// `serve`
#[derive(Args, Debug)]
pub struct Serve {
    /// Where to listen. Port 0 picks a free one.
    #[arg(long, default_value = "127.0.0.1:9898", value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,
    /// How often the panel is read (100ms to 1h).
    #[arg(long, default_value = "1s", value_parser = interval::<100>)]
    pub interval: Duration,
    /// /health says `down`, with code 503, while the score is below this. One
    /// breaker that is open brings it below 50, half of them to 25.
    #[arg(long, default_value_t = 25, value_name = "SCORE", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub down_below: u8,
    /// When to raise an alert.
    #[command(flatten)]
    pub alerts: Alerts,
    /// The fleet to show with the panel.
    #[command(flatten)]
    pub store: Store,
    /// Raises an alert of a breaker that is open on more than this share of the fleet's
    /// instances, in percent.
    #[arg(long, default_value_t = 25, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub fleet_open_above: u8,
}

const SERVE: &str = "\
Paths:
  /            a page that shows the panel live
  /health      200 \"ok\" while all is well; 200 \"degraded\" with an alert, a breaker
               that turns calls away, all or some, or one with a fault, as the program still answers
               and taking it out of service would make things worse; 503 \"down\" below
               --down-below, or when the file cannot be read any more
  /metrics     for Prometheus
  /panel.json, /history.json
               what the page shows; /history.json?slots=0,3&since=0 has the last hour of
               these slots, in points of 15s, or of --interval where that is longer
  /map.json    who calls whom, as `fusebox map --format json` has it; 404 where nobody learned

With --store the page and /metrics also show what every instance of the fleet says of
breakers that are not well, and raise alerts: of a breaker that is open on more than
--fleet-open-above of the instances, of an instance that disagrees with all others for three
heartbeats, of a store that does not answer. They stand apart: whatever becomes of the store,
/health says of this panel what it would have said without it.

Nothing can be changed through it, and nobody is asked for a password. It ends
with code 0 when it is interrupted or terminated.

Examples:
  fusebox serve
  fusebox serve --listen 127.0.0.1:8080 --down-below 30
  fusebox serve --store redis://10.0.0.1:6379 --namespace shop-production
  curl --fail http://127.0.0.1:9898/health";

pub(super) fn help() -> String {
    format!("{}\n{SERVE}", alerts::help())
}
