//! The host's pressure for Prometheus.

use std::fmt;

use prometheus_client::encoding::DescriptorEncoder;

use crate::{pressure::Pressed, serve::metrics::one};

pub(super) fn encode(to: &mut DescriptorEncoder<'_>, pressed: &Pressed) -> fmt::Result {
    let help = "The host's pressure: 0 is calm, 1 raised, 2 high, 3 critical";
    one(to, "host_pressure_level", help, f64::from(pressed.level as u8))?;
    for (name, share) in pressed.shares() {
        let help = format!("The share of the time in which work waited for {name}");
        one(to, &format!("host_pressure_{name}_ratio"), &help, share)?;
    }
    let help = "Tasks that run or are ready to, for each core";
    one(to, "host_tasks_per_core", help, pressed.queue())
}
