//! `alerts`: the rules file of Prometheus.

use std::io::Write;

use crate::{
    alerts,
    args::AlertsFile,
    failure::Failure,
    monitoring::rules::{self, Choice},
};

pub(super) fn run(args: &AlertsFile, out: &mut impl Write) -> Result<(), Failure> {
    let choice = Choice {
        hold: args.hold,
        bounds: alerts::rules(&args.alerts.rules)?,
        fleet_open_above: args.fleet_open_above,
        selector: args.select.clone(),
    };
    Ok(out.write_all(rules::yaml(&choice).as_bytes())?)
}
