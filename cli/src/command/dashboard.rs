//! `dashboard`: a dashboard for Grafana.

use std::io::Write;

use crate::{args::Dashboard, failure::Failure, monitoring::dashboard};

pub(super) fn run(args: &Dashboard, out: &mut impl Write) -> Result<(), Failure> {
    Ok(writeln!(out, "{}", dashboard::json(&args.title))?)
}
